import type { LogPage, Position, RecordedEvent } from '../../../application/ports/event-log.ts';
import type { Queryable } from '../statement.ts';
import { createReadModels } from './all-read-models.ts';
import { advanceCheckpoint, type Checkpoint, loadCheckpoint, refusedBatch } from './checkpoint.ts';
import { databaseRefusal } from './database-refusal.ts';
import { type ReadModelAuthenticator, withoutForgeries } from './forged-events.ts';
import { firstNewerEvent, NewerEvent } from './newer-events.ts';
import { createProjection, HandlerFailed, type Projection } from './projection.ts';
import type { Change } from './read-model.ts';

/** A connection with pg's `pipeline`, which does not wait for answers, so that a batch costs one round trip. */
export interface Target {
  readonly client: Queryable;
  readonly schema: string;
  /** The lead that the events are applied under; null for a rebuild, which needs none. */
  readonly term: bigint | null;
  readonly authenticator: ReadModelAuthenticator;
  /** See `ReadModelsOptions`. */
  readonly alone?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** How far the read models are, and what the projection remembers of them. */
export interface Progress {
  readonly checkpoint: Checkpoint;
  readonly projection: Projection;
}

/** Begins at the stored checkpoint, with nothing remembered. */
export async function progressOf(target: Target): Promise<Progress> {
  return atCheckpoint(target, await loadCheckpoint(target.client, target.schema));
}

export async function atCheckpoint(
  { client, schema, authenticator, alone, quiet }: Target,
  checkpoint: Checkpoint,
): Promise<Progress> {
  const models = createReadModels(schema, authenticator, { alone, quiet });
  await models.parked.load(client);
  return { checkpoint, projection: createProjection(models, checkpoint.events) };
}

/** What was read from the log, and how far. */
export type Batch = Pick<LogPage, 'events' | 'position'>;

/**
 * If the database refuses a batch, its events are applied one at a time. An event that cannot be applied is parked with
 * its stream, so that all others go on. If no row is at fault, the error is thrown and all events wait.
 * @throws NewerEvent when what stands before that event is applied; CheckpointMoved, LeadLost, and all other errors of the
 * database
 */
export async function applyEvents(
  target: Target,
  from: Progress,
  { events: delivered, position }: Batch,
  onFault: (error: Error) => void,
): Promise<Progress> {
  const events = notYetApplied(delivered, from.checkpoint.position);
  const newer = firstNewerEvent(events, target.authenticator);
  if (newer === undefined) return applyAll(target, from, { events, position }, onFault);
  const readable = events.slice(0, events.indexOf(newer));
  const last = readable.at(-1);
  if (last) await applyAll(target, from, { events: readable, position: last.position }, onFault);
  throw new NewerEvent(newer);
}

async function applyAll(
  target: Target,
  from: Progress,
  { events, position }: Batch,
  onFault: (error: Error) => void,
): Promise<Progress> {
  try {
    return await apply(target, from, { events, position }, onFault);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    onFault(new Error(`${events.length} events are applied one at a time: ${refusal}`));
  }
  // The projection remembers the refused batch, so start again from the tables.
  let progress = await atCheckpoint(target, from.checkpoint);
  for (const event of events) {
    const alone = { events: [event], position: event.position };
    try {
      progress = await apply(target, progress, alone, onFault);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      const clean = await atCheckpoint(target, progress.checkpoint);
      progress = await apply(target, clean, alone, onFault, new Map([[event.id, refusal]]));
    }
  }
  return progress;
}

/** The events after this position, each once, although a log may deliver events again after it was cut off. */
export function notYetApplied(events: readonly RecordedEvent[], position: Position): readonly RecordedEvent[] {
  let reached = position;
  return events.filter((event) => {
    if (event.position <= reached) return false;
    reached = event.position;
    return true;
  });
}

/** Why these events cannot be applied; undefined if they are not at fault. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof HandlerFailed ? error.message : databaseRefusal(error);
}

async function apply(
  target: Target,
  { checkpoint: from, projection }: Progress,
  { events: recorded, position }: Batch,
  onFault: (error: Error) => void,
  refusals?: ReadonlyMap<string, string>,
): Promise<Progress> {
  const events = withoutForgeries(recorded, target.authenticator);
  await projection.recall(target.client, events);
  const parked = projection.apply(events, refusals);
  const checkpoint = { generation: from.generation, position, events: projection.events };
  await write(target, projection.changes(), from, checkpoint);
  for (const { recorded, reason } of parked) onFault(new Error(`event ${recorded.position} is parked: ${reason}`));
  return { checkpoint, projection };
}

/** Writes all changes and the checkpoint in one transaction. @throws CheckpointMoved, LeadLost */
async function write(target: Target, changes: readonly Change[], from: Checkpoint, to: Checkpoint): Promise<void> {
  const { client } = target;
  const durable = changes.some((change) => change.durable);
  const sent = [
    client.query({ name: 'begin', text: 'begin', values: [] }),
    client.query(advanceCheckpoint(target, from, to, durable)),
    ...changes.map(({ name, text, values }) => client.query({ name, text, values })),
    client.query({ name: 'commit', text: 'commit', values: [] }),
  ];
  const settled = await Promise.allSettled(sent);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw refusedBatch(failed.reason, from) ?? failed.reason;
}
