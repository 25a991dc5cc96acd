/**
 * One row of the table of settings, in the form that convict reads.
 *
 * Every row has an environment variable and a default; `null` means that there is none and the setting is required.
 * The default is a value, not the text of the variable: its type is the type of the setting.
 */
export interface Setting<T, F extends string> {
  readonly doc: string;
  readonly format: F;
  readonly default: T;
  readonly env: string;
  /** The value is never shown: neither in faults nor in the start log. */
  readonly sensitive?: true;
}

export interface WholeSetting extends Setting<number, 'whole'> {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

export interface ChoiceSetting extends Setting<string, 'choice'> {
  readonly choices: readonly string[];
}

export type TextFormat =
  'text' | 'topic' | 'topic-prefix' | 'mongodb-uri' | 'database' | 'http-url' | 'optional-http-url' | 'host';

export type ListFormat = 'brokers' | 'networks';

export type AnySetting =
  | WholeSetting
  | ChoiceSetting
  | Setting<boolean, 'flag'>
  | Setting<string, TextFormat>
  | Setting<readonly string[], ListFormat>
  | Setting<string | null, 'encryption-keys'>;

/** Settings by group and name. */
export type SettingTable = Readonly<Record<string, Readonly<Record<string, AnySetting>>>>;

type ValueOf<S> = S extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : S extends { readonly default: infer Value }
    ? Value
    : never;

/** The values that a table holds once it is loaded. */
export type ValuesOf<T extends SettingTable> = {
  readonly [Group in keyof T]: {
    readonly [Name in keyof T[Group]]: ValueOf<T[Group][Name]>;
  };
};
