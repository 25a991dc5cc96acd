import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoErrorLabel,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { DependencyError } from '../../core/errors.js';

/**
 * The one table that tells "MongoDB is away or not able just now" from a bug of ours.
 *
 * The first becomes a DependencyError: nothing is committed and the work is tried again. The second (duplicate key,
 * document fails validation, bad query) is passed on as it is, because trying again can't help. An error that is in no
 * row counts as a bug: silence would turn it into an endless loop.
 */
const AWAY_CLASSES = [
  MongoNetworkError, // lost connections, cleared pools, socket time-outs
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
  MongoOperationTimeoutError,
  MongoExpiredSessionError,
] as const;

/** Classes that the driver does not export. */
const AWAY_NAMES: ReadonlySet<string> = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError']);

const AWAY_LABELS = [
  MongoErrorLabel.RetryableWriteError,
  MongoErrorLabel.ResumableChangeStreamError,
  MongoErrorLabel.TransientTransactionError,
  MongoErrorLabel.SystemOverloadedError,
  MongoErrorLabel.RetryableError,
] as const;

const AWAY_CODES: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: grants and passwords are changed while we run
  18, // AuthenticationFailed
  24, // LockTimeout
  43, // CursorNotFound
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  79, // UnknownReplWriteConcern
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  136, // CappedPositionLost
  175, // QueryPlanKilled
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  234, // RetryChangeStream
  237, // CursorKilled
  246, // SnapshotUnavailable
  262, // ExceededTimeLimit
  280, // ChangeStreamFatalError
  286, // ChangeStreamHistoryLost
  391, // ReauthenticationRequired
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

export const DUPLICATE_KEY = 11_000;

/** Whether the error says that MongoDB is away, not that we made a mistake. */
export function isAway(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) return isBulkAway(error);
  if (!(error instanceof MongoError)) return false;
  if (AWAY_CLASSES.some((type) => error instanceof type) || AWAY_NAMES.has(error.name)) return true;
  if (AWAY_LABELS.some((label) => error.hasErrorLabel(label))) return true;
  return isAwayCode(error.code);
}

/** Whether this code of a server's error, or of one refused item of a batch, says that MongoDB is away. */
export function isAwayCode(code: number | string | undefined): boolean {
  return AWAY_CODES.has(Number(code));
}

/** The driver hides the lost connection of a bulk write inside a MongoBulkWriteError: look at what it wraps. */
function isBulkAway(error: MongoBulkWriteError): boolean {
  const wrapped = wrappedBy(error);
  if (wrapped !== undefined) return isAway(wrapped);
  // Beside refused documents there can be this: the others were written, but no majority has them yet.
  if (error.result?.getWriteConcernError() !== undefined) return true;
  return isAwayCode(error.code) || AWAY_LABELS.some((label) => error.hasErrorLabel(label));
}

/** Whether a unique index refused the write. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Longer than every time-out of the driver: what is still open then will never be answered. */
const DEADLINE_MS = 20_000;

/**
 * Runs one operation on MongoDB. `doing` completes "failed while …" and holds no data of customers.
 *
 * The deadline is not there for slow servers. In the driver (7.9.0), a command that is written at the instant at which
 * its connection is lost waits for the socket to drain, for ever: no time-out of its own ends that. Without the
 * deadline, whoever waits for it would stand still although the process looks alive.
 * @throws DependencyError when MongoDB is away or doesn't answer in time; every other error as it came
 */
export async function onMongo<T>(doing: string, operation: () => Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    // Made when it is late: the stack of an error costs more than the rest of this function.
    const refuse = () => reject(new DependencyError('mongodb', `no answer within ${deadlineMs} ms while ${doing}`));
    if (deadlineMs !== Infinity) timer = setTimeout(refuse, deadlineMs);
  });
  try {
    return await Promise.race([operation(), tooLate]);
  } catch (error) {
    throw translateMongoError(doing, error);
  } finally {
    clearTimeout(timer);
  }
}

/** The error to throw for what the driver threw. */
export function translateMongoError(doing: string, error: unknown): unknown {
  if (!isAway(error)) return error;
  // A bulk write's error quotes the refused documents, customers' data included: only what it wraps goes along.
  const cause: unknown = error instanceof MongoBulkWriteError ? wrappedBy(error) : error;
  return new DependencyError('mongodb', `failed while ${doing} (${(error as Error).name})`, { cause });
}

function wrappedBy(error: MongoBulkWriteError): Error | undefined {
  const wrapped: unknown = error.errorResponse;
  return wrapped instanceof Error ? wrapped : undefined;
}
