import { expect, test } from '@jest/globals';
import { SERVICES } from '../support/system.js';
import { ServiceProcess } from '../support/service-process.js';

test.each([...SERVICES, 'admin'])(
  '%s with wrong settings ends with code 78 and a list of all of them',
  async (name) => {
    const service = new ServiceProcess(name, {
      KAFKA_BROKERS: 'nonsense',
      DELIVERY_ATTEMPTS: '0',
      MONGODB_URI: 'http://not-mongo',
      ENCRYPTION_KEYS: 'k1:short-canary',
    });
    expect(await service.exited).toBe(78);
    const text = service.raw.join('\n');
    for (const setting of ['KAFKA_BROKERS', 'DELIVERY_ATTEMPTS', 'MONGODB_URI', 'ENCRYPTION_KEYS'])
      expect(text).toContain(setting);
    expect(text).not.toContain('canary');
  },
);

test('a service on an unprepared database says what to run and ends with code 78', async () => {
  const service = new ServiceProcess('delivery-consumer', {
    KAFKA_BROKERS: process.env['KAFKA_BROKERS'] ?? '',
    MONGODB_URI: process.env['MONGODB_URI'] ?? '',
    SCHEMA_REGISTRY_URL: process.env['SCHEMA_REGISTRY_URL'] ?? '',
    MONGODB_DATABASE: 'never_migrated',
    ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  });
  expect(await service.exited).toBe(78);
  expect(service.raw.join('\n')).toContain('npm run migrate');
}, 30_000);
