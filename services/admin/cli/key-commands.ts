import { renewDataKeys, type RenewalProgress } from '../../shared/platform/mongo/renew-data-keys.js';
import { rotateDataKeys } from '../../shared/platform/mongo/rotate-data-keys.js';
import type { Command, CommandContext } from './command.js';
import { IncompleteError } from './incomplete-error.js';

/** The key-encryption key is changed by rewrapping data keys; data keys themselves when that is asked for. */
export const rotateKeys: Command = {
  values: [],
  flags: ['new-data-keys'],
  run: async (context, given) => {
    await rewrap(context);
    if (given.has('new-data-keys')) await renew(context);
  },
};

async function rewrap({ db, keys, print }: CommandContext): Promise<void> {
  const { rewrapped, overtaken, failed } = await rotateDataKeys({ db, keys });
  for (const { companyId, reason } of failed) print(`${companyId}: ${reason}`);
  if (failed.length + overtaken > 0)
    throw new IncompleteError(
      `${rewrapped} data keys rewrapped; ${failed.length} could not be, ${overtaken} changed meanwhile: run it again.`,
    );
  print(`Done: ${rewrapped} rewrapped; every data key is under "${keys[0]?.kid ?? ''}".`);
}

async function renew({ db, keys, print }: CommandContext): Promise<void> {
  const onProgress = (progress: RenewalProgress): void => {
    const sentence = sentenceOf(progress);
    if (sentence !== undefined) print(sentence);
  };
  const { renewed, sealed, dropped, unreadable, kept, refused } = await renewDataKeys({ db, keys, onProgress });
  for (const { companyId, reason } of refused) print(`${companyId}: ${reason}`);
  for (const { companyId, webhookId, reason } of unreadable) print(`${companyId}, ${webhookId}: ${reason}`);
  if (kept.length + refused.length + unreadable.length > 0)
    throw new IncompleteError(
      `${renewed} data keys renewed; ${refused.length} could not be, ${kept.length} old ones were kept, ` +
        `${unreadable.length} secrets can't be read: their Owners must give them again.`,
    );
  print(`Done: ${renewed} data keys renewed, ${sealed} webhooks and digests sealed anew, ${dropped} old keys dropped.`);
}

const EVERY = 100;

function sentenceOf({ step, renewed, dropped, waitMs }: RenewalProgress): string | undefined {
  if (step === 'renewed' && renewed % EVERY === 0) return `${renewed} data keys renewed`;
  if (step === 'dropped' && dropped % EVERY === 0) return `${dropped} old data keys dropped`;
  if (step === 'waiting' && waitMs > 0)
    return `Waiting ${Math.ceil(waitMs / 1_000)} s, until no process uses the old data keys; cut off, run it again.`;
  return undefined;
}
