import { writeFile } from 'node:fs/promises';
import { createCertificateAuthority } from './certificate-authority.js';
import { startControlServer } from './control-server.js';
import { scriptOf } from './demo-behaviour.js';
import type { ReceiverAnnouncement } from './receiver-announcement.js';
import { RECEIVER_USAGE, readReceiverArguments, type ReceiverArguments } from './receiver-arguments.js';
import { startReceiver } from './receiver.js';
import { RequestLog } from './request-log.js';

/**
 * The receiver as a process of its own: the customers' servers of the demo.
 *
 * Every endpoint listens on a port of its own, as real ones have hosts of their own. When all listen, one line of JSON
 * on stdout tells where: `{control, caFile, endpoints: [{behaviour, path, url}]}`. It ends on SIGTERM, SIGINT, and when
 * its standard input ends, so that it never outlives the process that started it.
 */
let asked: ReceiverArguments;
try {
  asked = readReceiverArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${RECEIVER_USAGE}\n`);
  process.exit(64);
}

const ca = await createCertificateAuthority();
if (asked.caFile !== undefined) await writeFile(asked.caFile, ca.certificatePem);
const log = new RequestLog();
const endpoints = [];
for (const { behaviour, path } of asked.endpoints) {
  const receiver = await startReceiver({ ca, log });
  endpoints.push({ behaviour, ...receiver.endpoint(path, scriptOf(behaviour, asked.slowMs)) });
}
const control = await startControlServer(log);

const stop = (): void => process.exit(0);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.stdin.once('end', stop).resume();

const announcement: ReceiverAnnouncement = {
  control: control.url,
  caFile: asked.caFile ?? null,
  endpoints: endpoints.map(({ behaviour, path, url }) => ({ behaviour, path, url })),
};
process.stdout.write(`${JSON.stringify(announcement)}\n`);
