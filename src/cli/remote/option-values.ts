import { readFile } from 'node:fs/promises';
import { type Options, UsageError } from '../command.ts';
import { timeOption } from '../time-option.ts';

/** Undefined if the option was not given. @throws UsageError */
export function chosen<Choice extends string>(
  options: Options,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = options[name];
  return value === undefined ? undefined : choice(name, value, choices);
}

/** The choice in any case, and with `-` for `_`. @throws UsageError */
export function choice<Choice extends string>(
  name: string,
  value: Options[string],
  choices: readonly Choice[],
): Choice {
  const wanted = String(value).toUpperCase().replaceAll('-', '_');
  const found = choices.find((each) => each === wanted);
  if (found === undefined) throw new UsageError(`--${name} must be one of ${choices.join(', ')}.`);
  return found;
}

/** The time as it was given; undefined if it was not. @throws UsageError */
export function checkedTime(options: Options, name: string): string | undefined {
  return timeOption(name, options[name]) === null ? undefined : String(options[name]);
}

/** @throws UsageError if the file cannot be read */
export async function fileOption(options: Options, name: string): Promise<string | undefined> {
  const path = options[name];
  if (path === undefined) return undefined;
  try {
    return await readFile(String(path), 'utf8');
  } catch {
    throw new UsageError(`The file of --${name} cannot be read.`);
  }
}

/** Undefined if the option was not given. @throws UsageError if it is no whole number, or smaller than `least` */
export function wholeNumber(options: Options, name: string, least: number): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(number >= least)) throw new UsageError(`--${name} must be a whole number, at least ${least}.`);
  return number;
}
