import type { Metrics } from '../../application/ports/metrics.ts';
import type { SpanStart, Tracer } from '../../application/ports/tracer.ts';

/** What is known of a statement outside its values. */
export interface StatementText {
  readonly text: string;
}

/** Sees every statement that goes to the database. `connection` is the connection's name. */
export interface StatementObserver {
  /** Sends the statement by `send`, and adds nothing to its result or its error. */
  observe<Result>(connection: string, statement: StatementText, send: () => Promise<Result>): Promise<Result>;
}

export const UNOBSERVED: StatementObserver = { observe: (_connection, _statement, send) => send() };

export interface StatementObserverDeps {
  readonly metrics: Pick<Metrics, 'statementStarted' | 'statementFinished'>;
  readonly tracer: Tracer;
}

/** Counts and times statements. What a traced request sends is a span of it, without the values. */
export function observeStatements({ metrics, tracer }: StatementObserverDeps): StatementObserver {
  return {
    async observe(connection, { text }, send) {
      const startedAt = performance.now();
      metrics.statementStarted(connection);
      const span = tracer.current() === undefined ? undefined : tracer.start(spanOf(text));
      let fault: string | undefined;
      try {
        return await (span === undefined ? send() : span.run(send));
      } catch (error) {
        fault = codeOf(error);
        throw error;
      } finally {
        span?.end(fault);
        metrics.statementFinished(connection, (performance.now() - startedAt) / 1000);
      }
    },
  };
}

function spanOf(text: string): SpanStart {
  const { operation, summary } = summaryOfStatement(text);
  return {
    name: summary,
    kind: 'CLIENT',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.summary': summary },
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
/** A function of ours, or the first table. */
const TARGETS = [/^\s*select\s+([a-z_]+\.[a-z_]+)\(/i, /\b(?:from|into|update)\s+"?([a-z_]+"?\."?[a-z_]+)/i];

function summaryOfStatement(text: string): StatementSummary {
  const known = summaries.get(text);
  if (known !== undefined) return known;
  const operation = /^\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'UNKNOWN';
  const target = TARGETS.map((pattern) => pattern.exec(text)?.[1]?.replaceAll('"', '')).find(Boolean);
  const summary = { operation, summary: target === undefined ? operation : `${operation} ${target}` };
  if (summaries.size < MAX_SUMMARIES) summaries.set(text, summary);
  return summary;
}

/** The SQLSTATE or Node's code: Postgres' texts quote values. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '_OTHER';
}
