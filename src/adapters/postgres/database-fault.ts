import { connect } from 'node:net';
import pg from 'pg';
import { OperatorError } from '../../domain/errors.ts';
import { isTimeout, StandbyServer } from './availability.ts';

/** The migrations need this version. */
export const MIN_SERVER_VERSION = 15;

/** The operator's database cannot be used. The message names host, role and database, never the password. */
export class DatabaseFault extends OperatorError {
  override readonly name = 'DatabaseFault';
}

/** A connection's server, role and database, as the driver reads them from the URL and its own environment variables. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly role: string;
  readonly database: string;
  readonly tls: boolean;
}

export function targetOf(client: pg.Client): Target {
  const { host, port, user, database, ssl } = client;
  return { host, port, role: user ?? '', database: database ?? '', tls: Boolean(ssl) };
}

/**
 * Explains an error of a database that the operator named: which server, what is wrong, what to do. Undefined if neither
 * a setting nor a missing right can be the cause.
 */
export async function explainDatabaseFault(
  error: unknown,
  connectionString: string,
): Promise<DatabaseFault | undefined> {
  const cause = rootCause(error);
  if (cause instanceof DatabaseFault || !(cause instanceof Error)) return undefined;
  let target: Target;
  try {
    target = targetOf(new pg.Client({ connectionString }));
  } catch {
    // The driver's message would quote the URL. The only files read here are the certificates that the URL names.
    const { path } = cause as NodeJS.ErrnoException;
    const why = path === undefined ? 'is not a Postgres URL' : `names the file ${path}, which cannot be read`;
    return new DatabaseFault(`DATABASE_URL ${why}. Correct it: postgres://user:password@host:5432/purser`);
  }
  if (cause instanceof StandbyServer) return new DatabaseFault(readOnly(target), { cause });
  const sentence =
    cause instanceof pg.DatabaseError
      ? databaseSentence(cause, target)
      : (driverSentence(cause.message, target) ?? (await networkSentence(cause, target)));
  return sentence === undefined ? undefined : new DatabaseFault(sentence, { cause });
}

/** Unwraps errors, because migrations and the application wrap them. */
export function rootCause(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < 8 && cause instanceof Error && cause.cause instanceof Error; depth += 1) {
    cause = cause.cause;
  }
  return cause;
}

/** A schema, table or function with that name exists, or a table lacks a column. */
const SCHEMA_CLASHES: ReadonlySet<string> = new Set(['42P06', '42P07', '42723', '42703']);

/** The database holds tables that this build did not make. */
export function isSchemaClash(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && SCHEMA_CLASHES.has(String(cause.code));
}

/** Explains the server's own errors by SQLSTATE, because its messages may be in another language. */
function databaseSentence({ code = '', routine }: pg.DatabaseError, target: Target): string | undefined {
  const { role, database, tls } = target;
  const server = nameOf(target);
  if (SCHEMA_CLASHES.has(code)) {
    return `Database "${database}" on ${server} already has schemas with names that Purser uses (log, vault, read_models, projection, purser), from another program or an unreleased Purser. Create a database for Purser alone, and name it in DATABASE_URL.`;
  }
  switch (code) {
    case '28P01':
      return `${server} refuses role "${role}" with this password: the password is wrong, or the role does not exist. Correct DATABASE_URL; write characters such as @ : / in a password as %40 %3A %2F.`;
    case '28000':
      return routine === 'InitializeSessionUserId'
        ? `${server} has no role "${role}" that may log in. Create it (create role "${role}" login password …), or name another role in DATABASE_URL.`
        : `${server} accepts no connection ${tls ? 'with' : 'without'} TLS from this machine for role "${role}" and database "${database}" (pg_hba.conf). ${tls ? 'Add a rule for this connection.' : 'If the server accepts only TLS, add ?sslmode=verify-full to DATABASE_URL; otherwise add a rule for this connection.'}`;
    case '3D000':
      return `${server} has no database "${database}". Create it (create database "${database}" owner "${role}"), or name another database in DATABASE_URL.`;
    case '42501':
      return `${server} does not let role "${role}" connect to database "${database}" or create schemas in it. As the database's owner, run: grant connect, create on database "${database}" to "${role}". If another role created Purser's tables there, name that role in DATABASE_URL.`;
    case '25006':
      return readOnly(target);
    case '53300':
      return `${server} has no free connection for role "${role}" and database "${database}" (max_connections, or the limit of the role or database). Raise the limit, or close other connections.`;
    case '53100':
      return `${server} has no disk space left. Free some on that server; no recorded data is lost.`;
    case '57P01':
    case '57P02':
    case '57P03':
      return `${server} is starting up or shutting down. Start Purser again when it is ready.`;
    default:
      // Class 08 and 28: the connection itself was refused, for instance by a pooler.
      return /^(?:08|28)/.test(code)
        ? `${server} refuses the connection of role "${role}" to database "${database}" (SQLSTATE ${code}). Its log says why. Behind a pooler, use a port with session pooling.`
        : undefined;
  }
}

export function readOnly(target: Target): string {
  return `Database "${target.database}" on ${nameOf(target)} is read-only: the server is a standby, or default_transaction_read_only is on. Name the primary in DATABASE_URL, or turn the setting off.`;
}

export function tooOld(target: Target, version: string): string {
  return `${nameOf(target)} runs version ${version}, but Purser needs ${MIN_SERVER_VERSION} or later. Upgrade it, or name another server in DATABASE_URL.`;
}

export function wrongEncoding(target: Target, encoding: string): string {
  const { database, role } = target;
  return `Database "${database}" on ${nameOf(target)} has the encoding ${encoding}, which cannot keep every text as it is. Create one with UTF8 (create database "${database}" owner "${role}" encoding 'UTF8' template template0), and name it in DATABASE_URL.`;
}

export function sharedSessions(target: Target): string {
  return `DATABASE_URL names a pooler in transaction mode at ${addressOf(target)}: it gives each transaction another session, and Purser needs its own (locks, notifications, prepared statements). Give a direct connection, or a pooler in session mode (PgBouncer: pool_mode = session).`;
}

const CERTIFICATE_CODE = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

/** Explains the driver's own errors during the login, which have no code. */
function driverSentence(message: string, target: Target): string | undefined {
  const server = nameOf(target);
  if (/client password must be/.test(message)) {
    return `${server} asks role "${target.role}" for a password, and DATABASE_URL has none. Add it: postgres://user:password@host:5432/purser`;
  }
  if (message === 'The server does not support SSL connections') {
    return `${server} does not offer TLS, which DATABASE_URL asks for. Turn it on at the server (ssl = on), or remove sslmode from DATABASE_URL.`;
  }
  if (message === 'There was an error establishing an SSL connection') return notPostgres(target);
  if (message === 'Query read timeout') {
    return `${server} accepts connections but does not answer: it hangs, or a pooler in front of it has no free session. Check their logs; docs/operations.md says how many connections a replica opens.`;
  }
  return undefined;
}

async function networkSentence(error: Error, target: Target): Promise<string | undefined> {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const server = nameOf(target);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${target.host} in DATABASE_URL cannot be found (${code}). Correct the name, or check this machine's DNS.`;
    case 'ECONNREFUSED':
      return `Nothing listens on ${addressOf(target)}. Start Postgres there, or correct host and port in DATABASE_URL.`;
    case 'ENOENT':
      if (syscall !== 'connect') return undefined;
      return `There is no Postgres socket in ${target.host} for port ${target.port}. Start Postgres, or correct DATABASE_URL.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not open ${addressOf(target)}. Start Purser as a user with that right, or name a host in DATABASE_URL.`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return unreachable(target);
  }
  if (CERTIFICATE_CODE.test(code ?? '')) {
    return `The certificate of ${server} is not accepted (${code}). Add ?sslmode=verify-full&sslrootcert=<file of its authority> to DATABASE_URL, and use the host name of the certificate.`;
  }
  const isCut = code === 'ECONNRESET' || code === 'EPIPE' || /^Connection terminated/.test(error.message);
  if (!isCut && !isTimeout(error)) return undefined;
  return (await accepts(target)) ? notPostgres(target) : unreachable(target);
}

function notPostgres(target: Target): string {
  return `The server at ${addressOf(target)} does not answer like Postgres. Correct host and port in DATABASE_URL. If they are right, the server hangs: check its log.`;
}

function unreachable(target: Target): string {
  return `${addressOf(target)} cannot be reached from this machine. Correct host and port in DATABASE_URL, or allow the connection (network, firewall).`;
}

const ACCEPT_TIMEOUT_MS = 3_000;

/** Tells a silent server from an unreachable address: the driver reports the same error for both. */
function accepts({ host, port }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(ACCEPT_TIMEOUT_MS, () => answer(false));
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

function nameOf(target: Target): string {
  return `Postgres at ${addressOf(target)}`;
}

function addressOf({ host, port }: Target): string {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
