import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import { getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { Application } from '../application/create-application.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import { createCursors } from './paging/cursors.ts';
import type { AnswerMemoryLimits } from './pipeline/answer-memory.ts';
import { startApolloServer } from './pipeline/apollo.ts';
import { type CallerLimits, createCallerLimits } from './pipeline/caller-limits.ts';
import type { GraphqlContext, Queries, Services } from './pipeline/context.ts';
import { createDocumentCache, type DocumentCache } from './pipeline/document-cache.ts';
import { createErrorMask, type ErrorMask } from './pipeline/errors.ts';
import { createExecutor, type Executor } from './pipeline/executor.ts';
import { checkVariables } from './pipeline/input-text.ts';
import type { DocumentLimits } from './pipeline/limits.ts';
import { type OperationSummary, summaryOf } from './pipeline/operation-summary.ts';
import { buildPurserSchema } from './schema.ts';

export interface GraphqlDeps {
  readonly application: Application;
  readonly queries: Queries;
  /** On the hot standby. Undefined if there is none. */
  readonly standbyQueries?: Queries | undefined;
  /** Authenticates cursors: at least 32 bytes, the same on every replica. */
  readonly cursorKey: Uint8Array;
  readonly metrics: Pick<Metrics, 'operationFinished'>;
  readonly logger: Logger;
  /** Allows `__schema` and `__type`. */
  readonly introspection: boolean;
  /** Tells what GraphQL.js says of a document, with its suggestions. Default: false. */
  readonly explainFaults?: boolean;
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: DocumentLimits;
  /** What one caller's operations may cost a second, in this process; 0 for no limit. Default: 0. */
  readonly callerCostPerSecond?: number;
  /** What answers may take until their clients have read them. Default: `DEFAULT_ANSWER_MEMORY`. */
  readonly answerMemory?: AnswerMemoryLimits;
  /** Default: the whole schema, with a guard before every root field. */
  readonly schema?: GraphQLSchema;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** One operation as a client sends it, over HTTP or WebSocket. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface OperationResult {
  readonly result: FormattedExecutionResult;
  /** Undefined if it is unclear which operation of the document is meant. */
  readonly summary: OperationSummary | undefined;
}

/** The GraphQL side of the service, without transport: HTTP uses `answer`, WebSocket the parts below it. */
export interface Graphql {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly documents: DocumentCache;
  readonly executor: Executor;
  readonly mask: ErrorMask;
  readonly callers: CallerLimits;
  /** Runs a query or a mutation. @throws PublicError, PurserError if the document or a variable is not admitted */
  answer(request: OperationRequest, context: GraphqlContext): Promise<OperationResult>;
  close(): Promise<void>;
}

/** @throws PolicyError if a root field of the schema has no policy */
export async function createGraphql(deps: GraphqlDeps): Promise<Graphql> {
  const {
    application,
    queries,
    standbyQueries,
    cursorKey,
    metrics,
    logger,
    introspection,
    explainFaults,
    limits,
    now = Date.now,
    callerCostPerSecond = 0,
    answerMemory,
  } = deps;
  const schema = deps.schema ?? (await buildPurserSchema());
  const mask = createErrorMask(logger);
  const callers = createCallerLimits({ costPerSecond: callerCostPerSecond, memory: answerMemory });
  const executor = createExecutor({ schema, mask, onFinished: metrics.operationFinished });
  const documents = createDocumentCache(schema, { introspection, explainFaults, limits });
  const { documentStore } = documents;
  const apollo = await startApolloServer({ schema, executor, documentStore, introspection, limits, logger });
  return {
    schema,
    services: { application, queries, standbyQueries, cursors: createCursors(cursorKey), now },
    documents,
    executor,
    mask,
    callers,
    async answer({ query, operationName, variables }, contextValue) {
      checkVariables(variables);
      return documents.during(
        query,
        async (document) => {
          const { body } = await apollo.executeOperation(
            { query, variables, ...(operationName === undefined ? {} : { operationName }) },
            { contextValue },
          );
          if (body.kind !== 'single') throw new Error('Apollo Server answered in parts, which no request asks for');
          const operation = getOperationAST(document, operationName);
          return {
            result: body.singleResult,
            summary: operation ? summaryOf(document, operation, variables) : undefined,
          };
        },
        (cost) => callers.charge(contextValue.request.principal, cost),
      );
    },
    close: () => apollo.stop(),
  };
}
