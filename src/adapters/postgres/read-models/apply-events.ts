import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { foldBatch } from './fold-batch.ts';
import { emptyMemory, type ProjectionMemory } from './projection-memory.ts';
import type { Checkpoint, ReadModelStore } from './read-model-store.ts';
import { refusalOf } from './refusal.ts';

/** How far the read models are, and what is remembered of them. */
export interface Progress {
  readonly checkpoint: Checkpoint;
  readonly memory: ProjectionMemory;
}

/** What the tables say is all that is known. */
export async function progressOf(store: ReadModelStore): Promise<Progress> {
  return atCheckpoint(store, await store.checkpoint());
}

export async function atCheckpoint(store: ReadModelStore, checkpoint: Checkpoint): Promise<Progress> {
  return { checkpoint, memory: emptyMemory(checkpoint, await store.parkedStreams()) };
}

/**
 * A batch that the database refuses is taken apart: one event at a time, and the one that cannot be applied is parked
 * with its stream, so that all others go on. Where no row is at fault, all of them wait.
 * @throws CheckpointMoved, and whatever else the database answers
 */
export async function applyEvents(
  store: ReadModelStore,
  from: Progress,
  events: readonly RecordedEvent[],
  onFault: (error: Error) => void,
): Promise<Progress> {
  try {
    return await apply(store, from, events, onFault);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    onFault(new Error(`${events.length} events are applied one at a time: ${refusal}`));
  }
  // What the fold remembered of the refused batch is wrong.
  let progress = await atCheckpoint(store, from.checkpoint);
  for (const event of events) {
    try {
      progress = await apply(store, progress, [event], onFault);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      const clean = await atCheckpoint(store, progress.checkpoint);
      progress = await apply(store, clean, [event], onFault, new Map([[event.id, refusal]]));
    }
  }
  return progress;
}

async function apply(
  store: ReadModelStore,
  { checkpoint: from, memory }: Progress,
  events: readonly RecordedEvent[],
  onFault: (error: Error) => void,
  refusals?: ReadonlyMap<string, string>,
): Promise<Progress> {
  await store.recall(memory, events);
  const changes = foldBatch(memory, events, refusals);
  const checkpoint: Checkpoint = {
    generation: from.generation,
    position: events.at(-1)?.position ?? from.position,
    noticeSequence: memory.noticeSequence,
    changeSequence: memory.changeSequence,
  };
  await store.write(changes, from, checkpoint);
  for (const { position, reason } of changes.parked) onFault(new Error(`event ${position} is parked: ${reason}`));
  // Leases come by the thousand and are needed at a rotation only.
  memory.activeLeases.clear();
  return { checkpoint, memory };
}
