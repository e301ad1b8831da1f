import { type Instant, parseInstant } from '../domain/instant.ts';
import { type Options, UsageError } from './command.ts';

/** `--from` and `--to`. @throws UsageError */
export function timeLimits({ from, to }: Options): { readonly from: Instant | null; readonly to: Instant | null } {
  const limits = { from: timeOption('from', from), to: timeOption('to', to) };
  if (limits.from !== null && limits.to !== null && limits.to < limits.from) {
    throw new UsageError('--to must not be before --from.');
  }
  return limits;
}

/** Null if the option was not given. @throws UsageError */
export function timeOption(name: string, value: Options[string]): Instant | null {
  if (value === undefined) return null;
  const instant = parseInstant(String(value));
  if (instant !== undefined) return instant;
  throw new UsageError(`--${name} must be a date and time with a time zone, such as 2026-03-01T00:00:00Z.`);
}
