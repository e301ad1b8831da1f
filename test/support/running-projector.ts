import { randomUUID } from 'node:crypto';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { readCheckpoint } from '../../src/adapters/postgres/read-models/checkpoint.ts';
import type { ReadModelAuthenticator } from '../../src/adapters/postgres/read-models/forged-events.ts';
import { createLeadership } from '../../src/adapters/postgres/read-models/leadership.ts';
import { createProgress, type TrackedProgress } from '../../src/adapters/postgres/read-models/progress.ts';
import { createProjector, type Projector } from '../../src/adapters/postgres/read-models/projector.ts';
import {
  type AppendResult,
  BEGINNING,
  type EventLog,
  type EventToAppend,
  type Position,
} from '../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { projectorClient, trusting } from './read-models.ts';
import { METADATA, streamOf } from './recorded-events.ts';

export interface RunningProjector {
  readonly projector: Projector;
  readonly progress: TrackedProgress;
  readonly faults: unknown[];
  /** Resolves when the read models have passed the position. @throws if that takes ten seconds */
  passed(position: Position): Promise<void>;
  stop(): Promise<void>;
}

/** A projector as each replica runs one. */
export function startProjector(
  connectionString: string,
  log: EventLog,
  authenticator: ReadModelAuthenticator = trusting,
): RunningProjector {
  const faults: unknown[] = [];
  const checkpoint = async () => {
    const client = await projectorClient(connectionString);
    try {
      return await readCheckpoint(client);
    } finally {
      await client.end();
    }
  };
  const progress = createProgress({ readCheckpoint: checkpoint }, BEGINNING);
  const leadership = createLeadership({ connectionString, logger: SILENT });
  const projector = createProjector({
    log,
    progress,
    leadership,
    authenticator,
    connect: () => projectorClient(connectionString),
    onFault: (error) => faults.push(error),
  });
  projector.start();
  return {
    projector,
    progress,
    faults,
    async passed(position) {
      if (!(await progress.waitFor(position, 10_000))) throw new Error(`position ${position} is not projected`);
    },
    async stop() {
      await projector.stop();
      await leadership.close();
      progress.stop();
    },
  };
}

/** Appends the events one after the other, each to its stream, whatever stands there. */
export async function appendAll(log: EventLog, ...events: readonly DomainEvent[]): Promise<AppendResult> {
  let appended: AppendResult = { position: BEGINNING, revision: -1 };
  for (const event of events) appended = await log.append(streamOf(event), 'any', [toAppend(event)]);
  return appended;
}

/** The same in fewer appends: what follows each other in one stream is appended together. */
export async function appendRuns(log: EventLog, events: readonly DomainEvent[]): Promise<void> {
  for (let at = 0; at < events.length; ) {
    const [first, ...others] = events.slice(at);
    if (first === undefined) return;
    const stream = streamOf(first);
    const end = others.findIndex((event) => streamOf(event) !== stream);
    const following = end === -1 ? others : others.slice(0, end);
    await log.append(stream, 'any', [toAppend(first), ...following.map(toAppend)]);
    at += 1 + following.length;
  }
}

function toAppend(event: DomainEvent): EventToAppend {
  return { id: randomUUID(), event, occurredAt: new Date().toISOString(), metadata: METADATA };
}
