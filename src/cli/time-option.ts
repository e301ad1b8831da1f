import { type Instant, parseInstant } from '../domain/instant.ts';
import { type Options, UsageError } from './command.ts';

/** Null if the option was not given. @throws UsageError */
export function timeOption(name: string, value: Options[string]): Instant | null {
  if (value === undefined) return null;
  const instant = parseInstant(String(value));
  if (instant !== undefined) return instant;
  throw new UsageError(`--${name} must be a date and time with a time zone, such as 2026-03-01T00:00:00Z.`);
}
