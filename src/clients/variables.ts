import { ClientError } from './client-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Blank counts as unset: CI systems set a variable without a value to the empty string. */
export function optional(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** @throws ClientError */
export function required(environment: Environment, name: string): string {
  const value = optional(environment, name);
  if (value === undefined) throw new ClientError(`${name} is not set`);
  return value;
}

/** Not set is false. @throws ClientError */
export function readSwitch(environment: Environment, name: string): boolean {
  const value = optional(environment, name) ?? 'false';
  if (value !== 'true' && value !== 'false') throw new ClientError(`${name} must be true or false`);
  return value === 'true';
}
