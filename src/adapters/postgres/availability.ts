import pg from 'pg';

/** Class 08: connection exceptions. 57P: the server stops, starts, or ended the session. 53300: too many connections. */
const UNAVAILABLE_STATES = /^(?:08...|57P0[1-5]|53300|25P03)$/;
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

/** Postgres cannot be reached, or did not answer in time. All other errors are faults of the statement or its data. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (error instanceof pg.DatabaseError) {
    return typeof code === 'string' && [UNAVAILABLE_STATES, TIMEOUT_STATES, RESOURCE_STATES].some((s) => s.test(code));
  }
  return SOCKET_CODES.has(code) || DRIVER_MESSAGES.has(error.message);
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
  if (!isUnavailable(error)) return false;
  return !(error instanceof pg.DatabaseError) || /^(?:08...|57P0[1-5])$/.test(error.code ?? '');
}

/** A wrong value, a broken constraint or an exceeded limit: the fault of one row, not of its batch. */
export function isDataFault(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(?:22|23|54)/.test(error.code ?? '');
}
