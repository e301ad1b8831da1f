import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedRegistryHistory } from '../../../../bench/registry-history.ts';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import {
  type FoldThreads,
  foldPart,
  type PartToFold,
} from '../../../../src/adapters/postgres/read-models/folded-parts.ts';
import type { ReadModelAuthenticator } from '../../../../src/adapters/postgres/read-models/forged-events.ts';
import { type RebuildOptions, rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import { withClient } from '../../../support/server-databases.ts';

/** In 200 projects. */
const STREAMS = 200;

let connectionString: string;
let log: EventLog;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  await seedRegistryHistory(connectionString, STREAMS);
  log = createPostgresEventLog({ connectionString, logger: SILENT });
});
afterAll(() => log.close());

/** What threads do, in this one. */
function createThreads(authenticator: ReadModelAuthenticator, before: (order: PartToFold) => Promise<void>) {
  const orders: PartToFold[] = [];
  const threads: FoldThreads = {
    async fold(order, onProgress) {
      orders.push(order);
      await before(order);
      await foldPart({ connect, authenticator }, order, onProgress);
    },
    end: async () => undefined,
  };
  return { orders, threads };
}

const connect = ({ pipeline }: { readonly pipeline: boolean }) => projectorClient(connectionString, { pipeline });

interface Case extends RebuildOptions {
  readonly authenticator?: ReadModelAuthenticator;
  readonly before?: (order: PartToFold) => Promise<void>;
}

/** Rebuilds in parts. @returns which tables differ from those that are folded as one */
async function rebuildInParts({ authenticator = trusting, before = async () => undefined, ...options }: Case = {}) {
  const { orders, threads } = createThreads(authenticator, before);
  const faults: string[] = [];
  const deps = { log, authenticator, connect, onFault: (fault: Error) => faults.push(fault.message) };
  const { events } = await rebuildReadModels({ ...deps, startThreads: () => threads }, options);
  const inParts = await digestsOfReadModels(connectionString);
  return {
    events,
    parts: orders.map(({ part }) => part),
    faults,
    differing: differingTables(await digestsAsOne(authenticator), inParts),
  };
}

let asOne: Promise<Record<string, string>> | undefined;

async function digestsAsOne(authenticator: ReadModelAuthenticator): Promise<Record<string, string>> {
  const rebuild = async () => {
    await rebuildReadModels({ log, authenticator, connect });
    return digestsOfReadModels(connectionString);
  };
  if (authenticator !== trusting) return rebuild();
  asOne ??= rebuild();
  return asOne;
}

it('a history that is folded in two parts gives the rows of one that is folded as one', async () => {
  expect(await rebuildInParts()).toEqual({ events: STREAMS * 10, parts: [0, 1], faults: [], differing: [] });
});

it('there are as many parts as leave each enough memory', async () => {
  const { parts, faults, differing } = await rebuildInParts({ maxRemembered: STREAMS });
  expect(parts.length).toBeGreaterThan(3);
  expect({ faults, differing }).toEqual({ faults: [], differing: [] });
});

it('a project that takes more memory than a part may is folded with all others', async () => {
  expect(await rebuildInParts({ maxRemembered: 2 })).toMatchObject({ parts: [], differing: [] });
});

it('a thread that fails makes the history fold as one', async () => {
  const before = async ({ part }: PartToFold) => {
    if (part === 1) throw new Error('out of memory');
  };
  const { faults, differing } = await rebuildInParts({ before });
  expect(faults).toEqual(['the history is folded as one: out of memory']);
  expect(differing).toEqual([]);
});

it('an event that is parked, which may be of another part, makes the history fold as one', async () => {
  const authenticator = { ...trusting, isAuthentic: ({ revision }: { readonly revision: number }) => revision !== 4 };
  const { faults, differing } = await rebuildInParts({ authenticator });
  expect(faults[0]).toContain('the history is folded as one: an event is parked');
  expect(differing).toEqual([]);
});

it('without one of the events, whose numbers are then not their positions, the history is folded as one', async () => {
  await withClient(connectionString, (client) =>
    client.query(`alter table log.events disable trigger append_only; grant delete on log.events to current_user;
      delete from log.events where position = ${STREAMS * 10 - 5}`),
  );
  asOne = undefined;
  expect(await rebuildInParts()).toMatchObject({ events: STREAMS * 10 - 1, parts: [], differing: [] });
});
