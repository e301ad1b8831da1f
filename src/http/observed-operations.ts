import type { Logger } from 'pino';
import type { RemoteSpan, Span, Tracer } from '../application/ports/tracer.ts';
import type { RequestContext } from '../application/request-context.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { OperationSummary } from '../graphql/pipeline/operation-summary.ts';

/** One operation of a client, from its arrival to its end. */
export interface ObservedOperation {
  /** The operation's span, if anything is traced. */
  readonly span: Pick<Span, 'context'>;
  /** Calls `work` so that what it does is traced as a part of the operation. */
  run<Result>(work: () => Result): Result;
  /** Its document was admitted. */
  identified(summary: OperationSummary): void;
  /** A subscription goes on after its source is open. Its span ends here, its line is written at its end. */
  subscribed(): void;
  /** `code`: of its first error, undefined if there is none. Only the first call counts. */
  ended(code: string | undefined): void;
}

export interface Arrival {
  readonly transport: 'http' | 'sse' | 'websocket';
  /** What the caller's `traceparent` names. */
  readonly parent: RemoteSpan | undefined;
}

/** Begins to observe an operation whose caller is known. */
export type ObserveOperation = (
  request: Pick<RequestContext, 'principal' | 'requestId' | 'ipAddress' | 'startedAt'>,
  arrival: Arrival,
) => ObservedOperation;

export interface ObserverDeps {
  readonly logger: Pick<Logger, 'info'>;
  readonly tracer: Tracer;
}

/** Writes one line for each operation and records its span. */
export function createOperationObserver({ logger, tracer }: ObserverDeps): ObserveOperation {
  return ({ principal, requestId, ipAddress, startedAt }, { transport, parent }) => {
    const span = tracer.start({ name: UNIDENTIFIED, kind: 'SERVER', parent, startedAt });
    const traceId = span.context?.traceId ?? parent?.traceId;
    let summary: OperationSummary | undefined;
    let hasEnded = false;

    return {
      span,
      run: (work) => span.run(work),
      identified(known) {
        // A project that the token does not name can be any text, such as a password in the wrong place.
        const isKnown = known.projectId !== undefined && principal.grants.has(known.projectId);
        summary = isKnown ? known : { ...known, projectId: undefined };
        span.rename(summary.operation);
        span.set(attributesOf(summary));
      },
      subscribed: () => span.end(),
      ended(code) {
        if (hasEnded) return;
        hasEnded = true;
        if (code !== undefined) span.set({ 'error.type': code });
        span.set({ 'purser.request_id': requestId });
        span.end(code !== undefined && OUR_FAULTS.has(code) ? code : undefined);
        logger.info(
          {
            requestId,
            traceId,
            transport,
            operation: summary?.operation ?? 'unknown',
            name: summary?.name,
            fields: summary?.fields,
            project: summary?.projectId,
            outcome: outcomeOf(code),
            code,
            durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
            address: ipAddress,
          },
          'operation',
        );
      },
    };
  };
}

/** As for statuses of HTTP: what the caller did wrong is no failure of the span. */
const OUR_FAULTS: ReadonlySet<string> = new Set(['INTERNAL', 'UNAVAILABLE'] satisfies ErrorCode[]);

/** The span's name until the document is read, and where it cannot be. */
const UNIDENTIFIED = 'graphql';

function attributesOf({ operation, name, fields, projectId }: OperationSummary) {
  return {
    'graphql.operation.type': operation,
    ...(name !== undefined && { 'graphql.operation.name': name }),
    'purser.fields': fields.join(' '),
    ...(projectId !== undefined && { 'purser.project': projectId }),
  };
}

/** In the audit log's words. */
function outcomeOf(code: string | undefined): 'SUCCEEDED' | 'DENIED' | 'FAILED' {
  if (code === undefined) return 'SUCCEEDED';
  return code === 'FORBIDDEN' || code === 'UNAUTHENTICATED' ? 'DENIED' : 'FAILED';
}
