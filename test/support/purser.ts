import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Service, startService } from '../../src/compose.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { storeEnvironment } from './event-store.ts';
import { createTestDatabase } from './postgres.ts';
import { keepRefusal } from './refused-answers.ts';
import { createTestIssuer, type TestIssuer, type TestTokenOptions } from './tokens.ts';

export interface GraphqlAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly field?: string };
  }[];
}

export interface TestPurser {
  readonly url: string;
  /** Without METRICS_PORT, the API's. */
  readonly metricsUrl: string;
  readonly connectionString: string;
  readonly environment: Readonly<Record<string, string>>;
  token(options?: TestTokenOptions): string;
  /** Default: a token with all permissions in `demo`. */
  graphql(query: string, variables?: Record<string, unknown>, token?: string): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

export interface PurserOptions {
  /** A further replica of the service that this one is. */
  readonly replicaOf?: Pick<TestPurser, 'connectionString' | 'environment' | 'token'>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole service on a free port, with its own database, key file and issuer. */
export async function startPurser(options: PurserOptions = {}): Promise<TestPurser> {
  const { replicaOf } = options;
  const connectionString = replicaOf?.connectionString ?? (await createTestDatabase()).connectionString;
  const dataDir = replicaOf ? undefined : await mkdtemp(join(tmpdir(), 'purser-data-'));
  const issuer = replicaOf ? undefined : createTestIssuer();
  const environment = {
    ...(replicaOf?.environment ?? {
      DATABASE_URL: connectionString,
      PURSER_DATA_DIR: dataDir ?? '',
      JWT_ISSUERS: (issuer as TestIssuer).jwtIssuers,
      PORT: '0',
      LOG_LEVEL: 'debug',
      ...storeEnvironment(),
    }),
    ...options.environment,
  };
  const removeDataDir = async () => {
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  };
  const service: Service = await startService(readConfig(environment), createLogger('debug', testLog())).catch(
    async (error: unknown) => {
      await removeDataDir();
      throw error;
    },
  );
  const token = replicaOf ? replicaOf.token : (issuer as TestIssuer).token;
  return {
    url: service.url,
    metricsUrl: service.metricsUrl ?? service.url,
    connectionString,
    environment,
    token,
    graphql: (query, variables = {}, bearer = token()) => ask(service.url, query, variables, bearer),
    async stop() {
      await service.close();
      await removeDataDir();
    },
  };
}

export async function ask(
  url: string,
  query: string,
  variables: Record<string, unknown>,
  token: string,
  signal: AbortSignal | null = null,
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  const answer = (await response.json()) as GraphqlAnswer;
  keepRefusal(answer);
  return answer;
}

/** What the service logs goes to a file that the checks at the end of the run read. */
export function testLog(): { write(line: string): void } {
  const file = join(inject('logFolder'), `${process.pid}.log`);
  return { write: (line) => appendFileSync(file, line) };
}
