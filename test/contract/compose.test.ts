import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { schema } from '../../config/schema.js';
import { pinned } from '../../deploy/local/versions.js';
import { ALLOCATOR_ENV, EVENT_PROCESS_FLAGS } from '../../services/shared/platform/process/start-options.js';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';

/** docker-compose.kafka.yml against the code that it runs: services, settings and versions can't drift apart. */
interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const root = projectRoot();
const text = readFileSync(join(root, 'docker-compose.kafka.yml'), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Readonly<Record<string, Service>> };
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'call-consumer': ['call-consumer'],
  'whatsapp-consumer': ['whatsapp-consumer'],
  'delivery-consumer': ['delivery-consumer'],
  'delivery-consumer-overflow': ['delivery-consumer', '--lane', 'overflow'],
  'retry-consumer': ['retry-consumer'],
  admin: ['admin'],
};
const OURS = Object.keys(COMMANDS);
const SERVERS = ['kafka', 'mongodb', 'schema-registry'];
const SETTINGS = new Set(
  Object.values(schema).flatMap((group) => Object.values(group).map((setting: { env: string }) => setting.env)),
);

test('it has the three servers, the migration and the six services, and nothing else', () => {
  expect(Object.keys(services).sort()).toEqual([...OURS, ...SERVERS, 'migrate'].sort());
});

test.each(OURS)('%s runs its main, waits for the migration and has a health check', (name) => {
  const service = services[name];
  const [folder = '', ...args] = COMMANDS[name] ?? [];
  const flags = name === 'admin' ? [] : EVENT_PROCESS_FLAGS;
  expect(service?.command).toEqual(['node', ...flags, `dist/services/${folder}/main.js`, ...args]);
  expect(existsSync(join(root, 'services', folder, 'main.ts'))).toBe(true);
  expect(service?.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
  expect(service?.healthcheck?.test).toContain('node');
});

test.each([...OURS, 'migrate'])('every setting of %s is one that we know', (name) => {
  expect(Object.keys(services[name]?.environment ?? {}).filter((setting) => !SETTINGS.has(setting))).toEqual([]);
});

test.each(SERVERS)('%s has a health check', (name) => {
  expect(services[name]?.healthcheck?.test?.length).toBeGreaterThan(1);
});

test('the images are those of the local stack, pinned', () => {
  expect(services['kafka']?.image).toBe(pinned.images.kafka);
  expect(services['mongodb']?.image).toBe(pinned.images.mongodb);
  expect(services['schema-registry']?.image).toBe(pinned.images.schemaRegistry);
});

test('no port is published beyond this machine', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

describe('deploy/Dockerfile', () => {
  const lines = readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8').split('\n');

  test('every base image has a version', () => {
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/^FROM [\w./-]+:\d+\.\d+/);
  });

  test('every process of it has the environment of the allocator', () => {
    const stages = lines.join('\n').split(/^FROM /m);
    const settings = Object.entries(ALLOCATOR_ENV).map(([name, value]) => `ENV ${name}=${value}`);
    expect(stages.at(-1)?.split('\n')).toEqual(expect.arrayContaining(settings));
  });

  test('the image does not run as root', () => {
    expect(lines).toContain('USER node');
  });
});
