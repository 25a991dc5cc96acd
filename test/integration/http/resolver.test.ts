import { afterEach, describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { parseHosts, type HostsFile } from '../../../services/shared/platform/http/hosts-file.js';
import { createResolver } from '../../../services/shared/platform/http/resolver.js';
import { sendFailureOf } from '../../../services/shared/platform/http/send-failure.js';

/** The resolver against a name server on loopback that answers, fails, or says nothing, by the name it is asked for. */
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

interface NameServer {
  readonly address: string;
  /** `name type`, in order. */
  readonly questions: string[];
}

/** `up.…` has 192.0.2.1 for a TTL of 60 s, `brief.…` for 0 s, `gone.…` doesn't exist, `broken.…` fails, others hang. */
async function nameServer(): Promise<NameServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, { address, port }) => {
    const { name, type, end } = questionOf(query);
    questions.push(`${name} ${type}`);
    const [kind = ''] = name.split('.');
    const code = { up: 0, brief: 0, gone: 3, broken: 2 }[kind];
    if (code === undefined) return;
    const answers = code === 0 && type === 'A' ? 1 : 0;
    const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
    const ttl = kind === 'up' ? 60 : 0;
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4, 192, 0, 2, 1]);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...(answers === 1 ? [record] : [])]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return { address: `127.0.0.1:${socket.address().port}`, questions };
}

function questionOf(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1) === 1 ? 'A' : 'AAAA', end: at + 5 };
}

const NO_HOSTS: HostsFile = { find: () => undefined };

function resolverAt(server: NameServer, { timeoutMs = 300, hosts = NO_HOSTS } = {}) {
  const resolve = createResolver({ hosts, timeoutMs, servers: [server.address] });
  return (name: string): Promise<LookupAddress[]> =>
    new Promise((done, fail) => {
      resolve(name, { all: true }, (error, addresses) => (error === null ? done(addresses) : fail(error)));
    });
}

const ADDRESS = [{ address: '192.0.2.1', family: 4 }];

describe('a name', () => {
  test('is asked for once, however many want it at a time, and remembered as long as its record says', async () => {
    const server = await nameServer();
    const find = resolverAt(server);
    expect(await Promise.all([find('up.example'), find('UP.example.')])).toEqual([ADDRESS, ADDRESS]);
    expect(await find('up.example')).toEqual(ADDRESS);
    expect([...server.questions].sort()).toEqual(['up.example A', 'up.example AAAA']);
  });

  test.each([
    ['gone.example', 'ENOTFOUND'],
    ['broken.example', 'DNS_ESERVFAIL'],
    ['silent.example', 'DNS_ETIMEOUT'],
  ])('%s is a failure of DNS (%s), remembered for a moment', async (name, code) => {
    const server = await nameServer();
    const find = resolverAt(server);
    const error = await find(name).catch((thrown: unknown) => thrown);
    expect(sendFailureOf(error)).toEqual({ failure: 'dns', detail: code });
    const asked = server.questions.length;
    await expect(find(name)).rejects.toMatchObject({ code });
    expect(server.questions).toHaveLength(asked);
  });

  test('of the hosts file is not asked for, nor is localhost', async () => {
    const server = await nameServer();
    const entries = parseHosts(
      '127.0.0.1 localhost # us\n::1\tup.example  other\nnonsense up.example\n\n10.0.0.1 other',
    );
    const find = resolverAt(server, { hosts: { find: (name) => entries.get(name) } });
    expect(await find('up.example')).toEqual([{ address: '::1', family: 6 }]);
    expect(await find('other')).toEqual([
      { address: '::1', family: 6 },
      { address: '10.0.0.1', family: 4 },
    ]);
    expect(await resolverAt(server)('localhost')).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(server.questions).toEqual([]);
  });
});

test('names whose servers say nothing hold up no other name', async () => {
  const server = await nameServer();
  const find = resolverAt(server, { timeoutMs: 3_000 });
  let hanging = 60;
  const hung = Array.from({ length: hanging }, (_, n) => find(`silent.${n}.example`).catch(() => (hanging -= 1)));
  expect(await find('up.example')).toEqual(ADDRESS);
  expect(hanging).toBe(60);
  await Promise.all(hung);
}, 20_000);
