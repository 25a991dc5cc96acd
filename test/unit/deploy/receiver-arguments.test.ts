import { describe, expect, test } from '@jest/globals';
import { readReceiverArguments } from '../../../deploy/local/receiver/receiver-arguments.js';

describe('the command line of the receiver process', () => {
  test('without options there is one endpoint of each behaviour', () => {
    expect(readReceiverArguments([])).toEqual({
      endpoints: [
        { behaviour: 'healthy', path: '/healthy' },
        { behaviour: 'slow', path: '/slow' },
        { behaviour: 'flaky', path: '/flaky' },
        { behaviour: 'failing', path: '/failing' },
      ],
      slowMs: 300,
      caFile: undefined,
    });
  });

  test('endpoints are named by behaviour and path', () => {
    const args = ['--endpoint', 'healthy=/a/b', '--endpoint', 'slow=/c', '--slow-ms', '50', '--ca-file', 'ca.pem'];
    expect(readReceiverArguments(args)).toEqual({
      endpoints: [
        { behaviour: 'healthy', path: '/a/b' },
        { behaviour: 'slow', path: '/c' },
      ],
      slowMs: 50,
      caFile: 'ca.pem',
    });
  });

  test.each([
    [['--endpoint', 'moody=/a'], 'there is no behaviour "moody"'],
    [['--endpoint', 'slow=a'], 'the path must begin with a slash'],
    [['--endpoint', 'slow'], 'the path must begin with a slash'],
    [['--slow-ms', 'soon'], '--slow-ms soon is not a duration'],
    [['--port', '1'], "Unknown option '--port'"],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => readReceiverArguments(args)).toThrow(sentence);
  });
});
