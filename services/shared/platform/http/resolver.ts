import { Resolver, type LookupAddress } from 'node:dns';
import { LRUCache } from 'lru-cache';
import type { ResolveHost } from './guarded-connector.js';
import type { HostsFile } from './hosts-file.js';

/**
 * Finds the addresses of endpoints' hosts without the system's look-up, which runs on the four threads that Node has
 * for everything: four names whose servers don't answer would hold up every new connection of the process for seconds.
 *
 * Asked over UDP by c-ares (no thread waits), within `timeoutMs` for all tries; the hosts file goes first, and
 * `localhost` is loopback. Addresses are remembered as long as their record says, at least a second and at most a
 * minute; a failure for a second. Whoever asks for a name that is being asked for waits for that answer. Search domains
 * are not applied: an endpoint's host is a full name. Every address, remembered or not, is judged where it is connected
 * to (guarded-connector.ts).
 */
export interface ResolverOptions {
  readonly hosts: HostsFile;
  readonly timeoutMs: number;
  /** `host:port` of name servers instead of those of the system. */
  readonly servers?: readonly string[];
}

type Answer = { readonly addresses: LookupAddress[] } | { readonly error: NodeJS.ErrnoException };

const TRIES = 2;
const MIN_TTL_S = 1;
const MAX_TTL_S = 60;
const MAX_NAMES = 50_000;
const LOOPBACK: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];

export function createResolver({ hosts, timeoutMs, servers }: ResolverOptions): ResolveHost {
  const dns = new Resolver({ timeout: Math.max(1, Math.floor(timeoutMs / (TRIES + 1))), tries: TRIES });
  if (servers !== undefined) dns.setServers([...servers]);
  const answers = new LRUCache<string, Answer>({ max: MAX_NAMES });
  const asking = new Map<string, Promise<Answer>>();

  const ask = async (name: string): Promise<Answer> => {
    const [v4, v6] = await Promise.all([query(dns, name, 4), query(dns, name, 6)]);
    const found = [...v4.records, ...v6.records];
    const answer: Answer =
      found.length > 0
        ? { addresses: found.map(({ address, family }) => ({ address, family })) }
        : { error: failureOf(name, v4.error ?? v6.error) };
    const shortest = Math.min(MAX_TTL_S, ...found.map(({ ttl }) => ttl));
    answers.set(name, answer, { ttl: Math.max(MIN_TTL_S, found.length > 0 ? shortest : 0) * 1_000 });
    return answer;
  };

  return (hostname, _options, callback) => {
    const name = hostname.replace(/\.$/, '').toLowerCase();
    const known = knownHere(name, hosts);
    if (known !== undefined) return void setImmediate(callback, null, known);
    const remembered = answers.get(name);
    if (remembered !== undefined) return void setImmediate(tell, remembered, callback);
    let pending = asking.get(name);
    if (pending === undefined) {
      pending = ask(name).finally(() => asking.delete(name));
      asking.set(name, pending);
    }
    void pending.then((answer) => tell(answer, callback));
  };
}

type Callback = Parameters<ResolveHost>[2];

function tell(answer: Answer, callback: Callback): void {
  if ('error' in answer) callback(answer.error, []);
  else callback(null, answer.addresses);
}

function knownHere(name: string, hosts: HostsFile): LookupAddress[] | undefined {
  const found = hosts.find(name);
  if (found !== undefined) return [...found];
  return name === 'localhost' || name.endsWith('.localhost') ? LOOPBACK : undefined;
}

interface Records {
  readonly records: readonly { readonly address: string; readonly family: 4 | 6; readonly ttl: number }[];
  readonly error: NodeJS.ErrnoException | undefined;
}

function query(dns: Resolver, name: string, family: 4 | 6): Promise<Records> {
  return new Promise((resolve) => {
    const done = (error: NodeJS.ErrnoException | null, found: readonly { address: string; ttl: number }[]): void => {
      if (error !== null) resolve({ records: [], error });
      else resolve({ records: found.map(({ address, ttl }) => ({ address, ttl, family })), error: undefined });
    };
    if (family === 4) dns.resolve4(name, { ttl: true }, done);
    else dns.resolve6(name, { ttl: true }, done);
  });
}

/** Codes of c-ares mean other things elsewhere: a name server that refuses is no endpoint that refuses. */
function failureOf(name: string, cause: NodeJS.ErrnoException | undefined): NodeJS.ErrnoException {
  const code = cause?.code ?? 'ENODATA';
  return Object.assign(new Error(`${name} was not resolved`, { cause }), {
    code: code === 'ENOTFOUND' ? code : `DNS_${code}`,
  });
}
