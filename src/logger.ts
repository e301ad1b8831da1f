import { type DestinationStream, type Logger, pino } from 'pino';
import { loggable } from './adapters/postgres/logger.ts';

/**
 * JSON lines on standard output. Passwords cannot get here: they are `Secret`, which prints as `[redacted]`. Of what
 * Postgres says in errors only the codes are kept, because its texts quote values.
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

/** Where it happened, without the message, which stands beside it where it may be shown. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(' < ');
}
