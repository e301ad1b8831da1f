import { WrongExpectedRevision } from '../../application/ports/event-log.ts';
import { EventLogUnavailable, OperatorError } from '../../domain/errors.ts';

/** A call had no answer in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The types of errors that are the server's answer to this call. After all others, nobody knows what became of it. */
const ANSWERS = new Set([
  'wrong-expected-version',
  'stream-not-found',
  'stream-deleted',
  'access-denied',
  'invalid-argument',
  'maximum-append-size-exceeded',
]);

function typeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('type' in error)) return undefined;
  return typeof error.type === 'string' ? error.type : undefined;
}

/** Whether the server answered. What the client says when it cannot connect has no type, or a type of its transport. */
export function isAnswer(error: unknown): boolean {
  return ANSWERS.has(typeOf(error) ?? '');
}

/** Whether the server lets the user in, and not to this. */
export function isAccessDenied(error: unknown): boolean {
  return typeOf(error) === 'access-denied';
}

export function isStreamNotFound(error: unknown): boolean {
  return typeOf(error) === 'stream-not-found';
}

/** Whether the client's own deadline was over: it may end a moment before that of the call. */
export function isOverdue(error: unknown): boolean {
  return typeOf(error) === 'deadline-exceeded';
}

/** The revision that the stream has, if that is why the append was refused. */
export function actualRevisionOf(error: unknown): number | 'no-stream' | undefined {
  if (typeOf(error) !== 'wrong-expected-version') return undefined;
  const actual = typeof error === 'object' && error !== null && 'actualState' in error ? error.actualState : undefined;
  return typeof actual === 'bigint' ? Number(actual) : 'no-stream';
}

/** The error for a caller of the port. */
export function asPortError(error: unknown): unknown {
  if (error instanceof EventLogUnavailable || error instanceof WrongExpectedRevision) return error;
  if (isAccessDenied(error)) {
    return new EventLogUnavailable('The event store refuses the user of the service.', { cause: error });
  }
  if (isAnswer(error) || error instanceof OperatorError) return error;
  const reason = error instanceof NoAnswer ? 'did not answer in time' : 'is unavailable';
  return new EventLogUnavailable(`The event store ${reason}.`, { cause: error });
}

/** The loggable part of an error. Messages of the client can name hosts, and never the password; its other fields can. */
export function loggableFault(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, type: typeOf(error), message: error.message };
}
