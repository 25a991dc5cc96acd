import type { FieldFault } from '../contract/problem.js';
import { escapePointer } from './field-faults.js';

/**
 * Reads fields of an unknown body and gathers what is wrong with them: all of it, each at its pointer. Whatever is
 * returned is of the type that was asked for; undefined means that a fault was noted, or that an optional field is not
 * there.
 */
export class FaultList {
  readonly faults: FieldFault[] = [];

  add(pointer: string, code: string, message: string): undefined {
    this.faults.push({ pointer, code, message });
    return undefined;
  }

  /** An object with no fields but these. */
  object(value: unknown, pointer: string, fields: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    if (value === undefined) return this.add(pointer, 'required', 'This field is required.');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.add(pointer, 'type', 'This must be an object.');
    for (const name of Object.keys(value))
      if (!fields.includes(name))
        this.add(`${pointer}/${escapePointer(name)}`, 'additionalProperties', 'This field is not known.');
    return value as Readonly<Record<string, unknown>>;
  }

  array(value: unknown, pointer: string): readonly unknown[] | undefined {
    if (value === undefined) return this.add(pointer, 'required', 'This field is required.');
    return Array.isArray(value) ? (value as unknown[]) : this.add(pointer, 'type', 'This must be a list.');
  }

  /** Text of 1 to `maxBytes` bytes of UTF-8, without control characters. */
  text(value: unknown, pointer: string, maxBytes: number): string | undefined {
    if (value === undefined || value === '') return this.add(pointer, 'required', 'This field is required.');
    return this.optionalText(value, pointer, maxBytes);
  }

  /** The same where nothing and empty text are right too. */
  optionalText(value: unknown, pointer: string, maxBytes: number): string | undefined {
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.add(pointer, 'type', 'This must be text.');
    if (Buffer.byteLength(value) > maxBytes)
      return this.add(pointer, 'maxLength', `This must have at most ${maxBytes} characters.`);
    // Half a surrogate pair would be stored as another character than the one that was given.
    if (/[\p{Cc}\p{Cs}]/u.test(value))
      return this.add(pointer, 'pattern', 'This has characters that are not allowed, such as a line break.');
    return value;
  }

  choice<T extends string>(value: unknown, pointer: string, choices: readonly T[]): T | undefined {
    if (value === undefined) return this.add(pointer, 'required', 'This field is required.');
    return (
      choices.find((choice) => choice === value) ??
      this.add(pointer, 'enum', `This must be one of: ${choices.join(', ')}.`)
    );
  }
}
