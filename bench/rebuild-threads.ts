import { randomBytes } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import { foldInThread, startFoldThreads } from '../src/adapters/postgres/read-models/fold-threads.ts';
import type { FoldThreads } from '../src/adapters/postgres/read-models/folded-parts.ts';
import type { ReadModelAuthenticator } from '../src/adapters/postgres/read-models/forged-events.ts';
import { openSession } from '../src/adapters/postgres/session.ts';
import { createEventAuthenticator } from '../src/adapters/vault/event-authenticator.ts';

const signed = createEventAuthenticator([{ id: 1, bytes: randomBytes(32) }]);

/** SQL cannot sign the events. Each is verified nevertheless: that takes a good part of the time, whatever comes out. */
export const authenticator: ReadModelAuthenticator = {
  ...signed,
  isAuthentic: (event) => signed.isAuthentic(event) || true,
};

export function connectTo(connectionString: string) {
  return ({ pipeline }: { readonly pipeline: boolean }) =>
    openSession({ connectionString, name: 'bench rebuild', statementTimeoutMs: 0, pipeline }, () => undefined);
}

/** The threads run this file. */
export function threadsOf(connectionString: string): () => FoldThreads {
  return () => startFoldThreads(new URL(import.meta.url), { connectionString });
}

if (!isMainThread) {
  foldInThread(({ connectionString }: { readonly connectionString: string }) => ({
    authenticator,
    connect: connectTo(connectionString),
  }));
}
