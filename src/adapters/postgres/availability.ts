import pg from 'pg';

/** The server only repeats what another one writes. Its answers are old by an unknown time. */
export class StandbyServer extends Error {
  override readonly name = 'StandbyServer';
}

/** Class 08: connection exceptions. 57P: the server stops, starts, or ended the session. 53300: too many connections. */
const UNAVAILABLE_STATES = /^(?:08...|57P0[1-5]|53300|25P03)$/;
/** The server became a standby, or the session began while `default_transaction_read_only` was on. */
const READ_ONLY_STATE = '25006';
/** What the session prepared is gone, or another one prepared it: a pooler exchanged the session. */
const EXCHANGED_SESSION_STATES = /^(?:26000|42P05)$/;
/** The server gave up on a transaction that stood in another's way, on a standby in the way of the primary's. */
const CONFLICT_STATES = /^40(?:001|P01)$/;
/** The server gave up on a statement, a lock or an idle transaction. */
const TIMEOUT_STATES = /^(?:57014|55P03)$/;
/** The server lacked a resource: disk full, out of memory, I/O error. Retrying may help. */
const RESOURCE_STATES = /^(?:53...|58030)$/;
const SOCKET_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // the socket file is missing while the server is down
]);
/** The driver's own errors have no code. */
const TIMEOUT_MESSAGES: ReadonlySet<string> = new Set([
  'Connection terminated due to connection timeout',
  'Query read timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
]);
const DRIVER_MESSAGES: ReadonlySet<string> = new Set([
  ...TIMEOUT_MESSAGES,
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
]);

/**
 * Postgres cannot be reached, cannot be written, or did not answer in time. All other errors are faults of the statement
 * or its data.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) {
    const { code = '' } = error;
    const states = [UNAVAILABLE_STATES, TIMEOUT_STATES, RESOURCE_STATES, EXCHANGED_SESSION_STATES, CONFLICT_STATES];
    return code === READ_ONLY_STATE || states.some((state) => state.test(code));
  }
  const code = 'code' in error ? error.code : undefined;
  return error instanceof StandbyServer || SOCKET_CODES.has(code) || DRIVER_MESSAGES.has(error.message);
}

/** Why an unavailable database does not do its work: a sentence that is true for callers and public. */
export function outageSentence(error: unknown): string {
  if (isReadOnly(error)) return 'The database is read-only at the moment.';
  if (isOutOfResources(error)) {
    return error.code === '53100'
      ? 'The database has no disk space left.'
      : 'The database lacks memory or another resource at the moment.';
  }
  if (error instanceof pg.DatabaseError && error.code === '53300') return 'The database has no free connection.';
  return isTimeout(error) ? 'The database did not answer in time.' : 'The database did not answer.';
}

/** Nothing can be written over this connection, and perhaps over no other one. */
export function isReadOnly(error: unknown): boolean {
  if (error instanceof StandbyServer) return true;
  return error instanceof pg.DatabaseError && error.code === READ_ONLY_STATE;
}

/** The server cannot write until it has disk space, memory or a working disk again. */
export function isOutOfResources(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.code !== '53300' && RESOURCE_STATES.test(error.code ?? '');
}

/** A new connection may work where this one does not. */
export function mustReconnect(error: unknown): boolean {
  if (isOutcomeUnknown(error) || isReadOnly(error)) return true;
  return error instanceof pg.DatabaseError && EXCHANGED_SESSION_STATES.test(error.code ?? '');
}

/** A timeout. Do not retry: that would double the wait. */
export function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return TIMEOUT_STATES.test(error.code ?? '');
  return TIMEOUT_MESSAGES.has(error.message);
}

/**
 * Whether a statement that failed with this error may have been committed: the connection was lost before the answer
 * arrived. If the server itself sent an error for the statement, nothing happened, unless it also ended the session.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!isUnavailable(error) || error instanceof StandbyServer) return false;
  return !(error instanceof pg.DatabaseError) || /^(?:08...|57P0[1-5])$/.test(error.code ?? '');
}

/** A wrong value, a broken constraint or an exceeded limit: the fault of one row, not of its batch. */
export function isDataFault(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(?:22|23|54)/.test(error.code ?? '');
}
