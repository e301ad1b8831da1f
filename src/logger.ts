import { type DestinationStream, type Logger, pino } from 'pino';
import { loggable } from './adapters/postgres/logger.ts';

/**
 * JSON lines on standard output. Passwords cannot appear: they are `Secret`, which prints as `[redacted]`. Errors of
 * Postgres keep only their codes, because their texts quote values.
 */
export function createLogger(level: string, destination: DestinationStream = linesTo(STANDARD_OUTPUT)): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => ({ ...loggable(error), stack: stackOf(error) }) },
  };
  return pino(options, destination);
}

export const STANDARD_OUTPUT = 1;
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/**
 * Lines that cannot be written (the terminal was closed, the disk is full) wait for the next one, up to a limit, and stop
 * nothing. With pino's own settings the process would end, and at its exit try endlessly to write them.
 */
export function linesTo(fd: number) {
  const lines = pino.destination({ dest: fd, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  lines.on('error', () => undefined);
  return lines;
}

/** Less than `linesTo` takes at once, however many lines a turn has. */
const MAX_TURN_CHARACTERS = 64 * 1024;

/**
 * Writes the lines of one turn of the event loop with one call, at the turn's end: with a call for each line, a busy service
 * and whoever reads its lines are woken for every request. Lines that wait when the process exits are written then; only a
 * process that is killed loses them.
 */
export function onceATurn(lines: DestinationStream): DestinationStream {
  let waiting = '';
  const write = () => {
    const text = waiting;
    waiting = '';
    if (text !== '') lines.write(text);
  };
  process.once('exit', write);
  return {
    write(line) {
      if (waiting === '') setImmediate(write);
      waiting += line;
      if (waiting.length >= MAX_TURN_CHARACTERS) write();
    },
  };
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
