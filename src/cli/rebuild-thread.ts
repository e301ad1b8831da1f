import { foldInThread } from '../adapters/postgres/read-models/fold-threads.ts';
import { openSession } from '../adapters/postgres/session.ts';
import { authenticatorWith } from '../adapters/vault/event-authenticator.ts';
import type { RebuildThreadData } from './rebuild-threads.ts';

/** A program of its own, because a thread begins with a file: folds parts of the history. A lost connection fails its statements. */
foldInThread(({ connectionString, keys }: RebuildThreadData) => ({
  authenticator: authenticatorWith(keys),
  connect: ({ pipeline }) =>
    openSession({ connectionString, name: 'purser rebuild', statementTimeoutMs: 0, pipeline }, () => undefined),
}));
