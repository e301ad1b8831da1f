import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { GraphqlContext } from './context.ts';
import type { DocumentCache } from './document-cache.ts';
import { formatApolloError } from './errors.ts';
import type { Executor } from './executor.ts';
import { DEFAULT_LIMITS, type DocumentLimits } from './limits.ts';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly executor: Executor;
  readonly documentStore: DocumentCache['documentStore'];
  readonly introspection: boolean;
  readonly limits?: DocumentLimits | undefined;
  readonly logger: Logger;
}

/**
 * Apollo Server's pipeline (document store, `formatError`) with our documents and our executor. Features that cost time
 * and are not used are off: cache control, tracing, reporting, landing page, persisted queries.
 */
export async function startApolloServer(options: ApolloOptions): Promise<ApolloServer<GraphqlContext>> {
  const { schema, executor, documentStore, introspection, limits = DEFAULT_LIMITS, logger } = options;
  const server = new ApolloServer<GraphqlContext>({
    schema,
    introspection,
    documentStore,
    parseOptions: { maxTokens: limits.maxTokens },
    validationOptions: { maxErrors: 1 },
    formatError: formatApolloError,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    // The route accepts only application/json, which a page of another site cannot send without our consent.
    csrfPrevention: false,
    logger: {
      debug: (message) => logger.debug(message),
      info: (message) => logger.info(message),
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
    plugins: [
      executorPlugin(executor),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await server.start();
  return server;
}

function executorPlugin(executor: Executor): ApolloServerPlugin<GraphqlContext> {
  const listener: GraphQLRequestListener<GraphqlContext> = {
    async responseForOperation({ request, document, contextValue }) {
      const { data, errors } = await executor.execute({
        document,
        operationName: request.operationName,
        variables: request.variables ?? {},
        context: contextValue,
      });
      return {
        http: { headers: NO_HEADERS },
        body: {
          kind: 'single',
          singleResult: {
            ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
            ...(data === undefined ? {} : { data }),
          },
        },
      };
    },
  };
  return { requestDidStart: async () => listener };
}

/** One for all answers, because Apollo Server only reads it. */
const NO_HEADERS = new HeaderMap();
