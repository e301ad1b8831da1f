import { type DestinationStream, type Logger, pino } from 'pino';
import { loggable } from './adapters/postgres/logger.ts';

/**
 * JSON lines on standard output. Passwords cannot appear: they are `Secret`, which prints as `[redacted]`. Errors of
 * Postgres keep only their codes, because their texts quote values.
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => ({ ...loggable(error), stack: stackOf(error) }) },
  };
  return pino(options, destination);
}

/** The stack without the message, which `loggable` adds if it is safe to show. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(' < ');
}
