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

/** A pipe takes 64 KiB at once, also of characters of three bytes. Of more a part would be left, and wait without the event loop. */
const MAX_CHARACTERS = 16 * 1024;

/**
 * Writes the lines of one turn of the event loop with one call, at the turn's end: with a call for each line, a busy service
 * and whoever reads its lines are woken for every request. Lines that wait when the process exits are written then; only a
 * process that is killed, or that Node aborts, loses them.
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
      if (waiting.length + line.length > MAX_CHARACTERS) write();
      if (waiting === '') setImmediate(write);
      waiting += line;
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
