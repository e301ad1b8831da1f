import { existsSync } from 'node:fs';
import { startFoldThreads } from '../adapters/postgres/read-models/fold-threads.ts';
import type { FoldThreads } from '../adapters/postgres/read-models/folded-parts.ts';
import { type EventKeyObjects, eventKeysOf } from '../adapters/vault/event-authenticator.ts';
import type { OpenVault } from '../composition/stores.ts';

export interface RebuildThreadData {
  readonly connectionString: string;
  readonly keys: EventKeyObjects;
}

/** Undefined if the program was put together without the threads' file, as tests do that run the sources. */
export function rebuildThreads(
  connectionString: string,
  authenticator: OpenVault['authenticator'],
): (() => FoldThreads) | undefined {
  const file = new URL('./rebuild-thread.js', import.meta.url);
  if (!existsSync(file)) return undefined;
  const data: RebuildThreadData = { connectionString, keys: eventKeysOf(authenticator) };
  return () => startFoldThreads(file, data);
}
