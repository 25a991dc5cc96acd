import { rotateDataKeys } from '../../shared/platform/mongo/rotate-data-keys.js';
import type { Command } from './command.js';
import { IncompleteError } from './incomplete-error.js';

export const rotateKeys: Command = {
  values: [],
  flags: [],
  run: async ({ db, keys, print }) => {
    const onProgress = (rewrapped: number): void => print(`${rewrapped} data keys rewrapped`);
    const { rewrapped, overtaken, failed } = await rotateDataKeys({ db, keys, onProgress });
    for (const { companyId, reason } of failed) print(`${companyId}: ${reason}`);
    if (failed.length + overtaken > 0)
      throw new IncompleteError(
        `${failed.length} data keys could not be rewrapped, ${overtaken} changed meanwhile: run it again.`,
      );
    print(`Done: ${rewrapped} rewrapped; every data key is under "${keys[0]?.kid ?? ''}".`);
  },
};
