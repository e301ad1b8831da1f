import pg from 'pg';
import type { ConnectionUsage, Metrics } from '../../application/ports/metrics.ts';
import type { SpanStart, Tracer } from '../../application/ports/tracer.ts';
import { errorCode } from '../../domain/error-code.ts';

/** What is known of a statement outside its values. */
export interface StatementText {
  readonly text: string;
}

/** A connection, or a pool of them. */
export interface ObservedConnection {
  readonly name: string;
  readonly connectionString: string;
  /** Asked for whenever metrics are. */
  readonly usage: () => ConnectionUsage;
}

/** Sends the statement by `send`, and adds nothing to its result or its error. */
export type ObserveStatement = <Result>(statement: StatementText, send: () => Promise<Result>) => Promise<Result>;

/** Sees every statement that goes to the database. */
export interface StatementObserver {
  /** Call it once for each connection or pool. */
  of(connection: ObservedConnection): ObserveStatement;
}

export const UNOBSERVED: StatementObserver = { of: () => (_statement, send) => send() };

export interface StatementObserverDeps {
  readonly metrics: Pick<Metrics, 'statementStarted' | 'statementFinished' | 'measureConnection'>;
  readonly tracer: Tracer;
}

/** Counts and times statements. What a traced request sends is a span of it, without the values. */
export function observeStatements({ metrics, tracer }: StatementObserverDeps): StatementObserver {
  return {
    of({ name, connectionString, usage }) {
      metrics.measureConnection(name, usage);
      let server: Attributes | undefined;
      const startSpan = (text: string) => {
        server ??= serverAttributes(connectionString);
        return tracer.start(spanOf(text, server));
      };
      return async ({ text }, send) => {
        const startedAt = performance.now();
        metrics.statementStarted(name);
        const span = tracer.current() === undefined ? undefined : startSpan(text);
        let fault: string | undefined;
        try {
          return await (span === undefined ? send() : span.run(send));
        } catch (error) {
          fault = codeOf(error);
          throw error;
        } finally {
          span?.end(fault);
          metrics.statementFinished(name, (performance.now() - startedAt) / 1000);
        }
      };
    },
  };
}

type Attributes = Readonly<Record<string, string | number>>;

/** By the conventions of OpenTelemetry a socket is an address without a port. */
function serverAttributes(connectionString: string): Attributes {
  const { host, port, database } = new pg.Client({ connectionString });
  return {
    ...(database !== undefined && { 'db.namespace': database }),
    ...(host.startsWith('/')
      ? { 'server.address': `${host}/.s.PGSQL.${port}` }
      : { 'server.address': host, 'server.port': port }),
  };
}

function spanOf(text: string, server: Attributes): SpanStart {
  const { operation, summary } = summaryOfStatement(text);
  return {
    name: summary,
    kind: 'CLIENT',
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.query.summary': summary,
      ...server,
    },
  };
}

interface StatementSummary {
  /** Such as `SELECT`. */
  readonly operation: string;
  /** The operation and what it is about, such as `SELECT read_models.registries`. */
  readonly summary: string;
}

const summaries = new Map<string, StatementSummary>();
/** Texts are the service's own: their number is small unless a filter's many shapes are asked for. */
const MAX_SUMMARIES = 1_000;
/** A function of ours, or else the first table outside of sub-selects. */
const FUNCTION = /^\s*select\s+([a-z_]+\.[a-z_]+)\(/i;
const TABLE = /\b(?:from|into|update)\s+"?([a-z_]+"?\."?[a-z_]+)/i;

function summaryOfStatement(text: string): StatementSummary {
  const known = summaries.get(text);
  if (known !== undefined) return known;
  const operation = /^\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'UNKNOWN';
  const found = FUNCTION.exec(text) ?? TABLE.exec(withoutBrackets(text)) ?? TABLE.exec(text);
  const target = found?.[1]?.replaceAll('"', '');
  const summary = { operation, summary: target === undefined ? operation : `${operation} ${target}` };
  if (summaries.size < MAX_SUMMARIES) summaries.set(text, summary);
  return summary;
}

function withoutBrackets(text: string): string {
  const shorter = text.replaceAll(/\([^()]*\)/g, ' ');
  return shorter === text ? text : withoutBrackets(shorter);
}

/** The SQLSTATE or Node's code: Postgres' texts quote values. */
function codeOf(error: unknown): string {
  return errorCode(error) ?? '_OTHER';
}
