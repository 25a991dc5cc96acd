import { describe, expect, test } from '@jest/globals';
import {
  kafkaClusterId,
  kafkaProperties,
  propertiesEnvironment,
  propertiesText,
} from '../../../../deploy/local/kafka-properties.js';

const properties = kafkaProperties({
  brokerPort: 29_092,
  controllerPort: 29_093,
  bindAddress: '127.0.0.1',
  logFolder: 'kafka',
});

describe('the settings of the local Kafka', () => {
  test('clients are told the port that was chosen, on the loopback address', () => {
    expect(properties['listeners']).toBe('PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093');
    expect(properties['advertised.listeners']).toBe('PLAINTEXT://127.0.0.1:29092');
    expect(properties['controller.quorum.voters']).toBe('1@127.0.0.1:29093');
  });

  test('in a container the broker listens on all addresses and still advertises the loopback one', () => {
    const inside = kafkaProperties({ brokerPort: 1, controllerPort: 2, bindAddress: '0.0.0.0', logFolder: '/d' });
    expect(inside['listeners']).toBe('PLAINTEXT://0.0.0.0:1,CONTROLLER://127.0.0.1:2');
    expect(inside['advertised.listeners']).toBe('PLAINTEXT://127.0.0.1:1');
  });

  test('a topic is never created by accident, and one node keeps the only copy', () => {
    expect(properties).toMatchObject({
      'auto.create.topics.enable': 'false',
      'group.initial.rebalance.delay.ms': '0',
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
    });
  });

  test('the file has one setting a line, in plain ASCII', () => {
    const text = propertiesText(properties);
    expect(text).toMatch(/^([a-z.]+=[\x20-\x7e]+\n)+$/);
    expect(text).toContain('\nlog.dirs=kafka\n');
  });

  test('the image gets the same settings as variables', () => {
    expect(propertiesEnvironment({ 'log.dirs': '/d', 'node.id': '1' })).toEqual({
      KAFKA_LOG_DIRS: '/d',
      KAFKA_NODE_ID: '1',
    });
  });

  test('the cluster id is 16 bytes in base64, as Kafka asks', () => {
    expect(Buffer.from(kafkaClusterId, 'base64url')).toHaveLength(16);
  });
});
