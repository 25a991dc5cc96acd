import { describe, expect, test } from '@jest/globals';
import { chooseFreePort } from '../../../../deploy/local/free-port.js';

const taken =
  (...ports: number[]) =>
  (port: number) =>
    Promise.resolve(!ports.includes(port));

function sequence(...numbers: number[]): () => number {
  return () => numbers.shift() ?? 0;
}

describe('the port of a local server', () => {
  test('it is the usual one when that is free', async () => {
    expect(await chooseFreePort({ usual: 9092, isFree: taken(), random: () => 0 })).toBe(9092);
  });

  test('it is another one, below the range for outgoing connections, when the usual one is taken', async () => {
    expect(await chooseFreePort({ usual: 9092, isFree: taken(9092), random: () => 0.9999 })).toBe(29_999);
  });

  test('a stack that must leave the usual ports alone never tries them', async () => {
    expect(await chooseFreePort({ usual: undefined, isFree: taken(), random: () => 0.5 })).toBe(25_000);
  });

  test('taken ports are passed over', async () => {
    const isFree = taken(20_000, 20_001);
    expect(await chooseFreePort({ usual: 20_000, isFree, random: sequence(0, 0.0001, 0.0002) })).toBe(20_002);
  });

  test('it gives up after 200 tries', async () => {
    await expect(
      chooseFreePort({ usual: 1, isFree: () => Promise.resolve(false), random: Math.random }),
    ).rejects.toThrow('no free port');
  });
});
