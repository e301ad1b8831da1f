import type { Client } from 'pg';
import type { EventLog, RecordedEvent } from '../../../application/ports/event-log.ts';
import { foldBatch, type ProjectionMemory } from './fold-batch.ts';
import type { TrackedProgress } from './progress.ts';
import { type Checkpoint, CheckpointMoved, createReadModelStore, type ReadModelStore } from './read-model-store.ts';

const SCHEMA = 'read_models';
/** Session-level: losing the connection is losing the lead. The checkpoint's condition is the real fence. */
const LEADER_LOCK = 7_208_611_423;
const BATCH = 1_000;
/** Hints may be lost, so the log is looked at this often without one. */
const POLL_MS = 250;
const STANDBY_MS = 1_000;
/** More than this is forgotten and read again when it is needed. */
const MAX_REMEMBERED = 50_000;

export interface ProjectorParts {
  readonly log: EventLog;
  readonly progress: TrackedProgress;
  /** A new, connected client with `pipeline` on; it emits `error` or `end` when it is lost. */
  readonly connect: () => Promise<Client>;
  readonly onFault: (error: unknown) => void;
}

export interface Projector {
  readonly leading: boolean;
  /** Streams whose events wait for a build that can apply them. */
  readonly parkedStreams: number;
  start(): void;
  /** Finishes the batch under way. Safe to call twice. */
  stop(): Promise<void>;
}

/** Keeps the read models up to date. Every replica runs one; the one that has the lock works. */
export function createProjector({ log, progress, connect, onFault }: ProjectorParts): Projector {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let leading = false;
  let parked = 0;
  let wake: (() => void) | undefined;
  /** Whether there was a hint since the log was last read. */
  let hinted = false;

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopping.signal.aborted) return resolve();
      const timer = setTimeout(done, milliseconds);
      wake = done;
      function done(): void {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      }
    });

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let client: Client | undefined;
      try {
        client = await connect();
        await lead(client);
      } catch (error) {
        if (!stopping.signal.aborted) onFault(error);
      } finally {
        leading = false;
        await client?.end().catch(onFault);
      }
      await pause(STANDBY_MS * (0.5 + Math.random()));
    }
  }

  async function lead(client: Client): Promise<void> {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
      LEADER_LOCK,
    ]);
    if (!rows[0]?.locked) return;
    leading = true;
    const store = createReadModelStore(client, SCHEMA);
    while (!stopping.signal.aborted) {
      try {
        await follow(store);
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  /** Works from the stored checkpoint on, until it is stopped or someone else moves the checkpoint. */
  async function follow(store: ReadModelStore): Promise<void> {
    let checkpoint = await store.checkpoint();
    progress.advanceTo(checkpoint.position);
    let memory = await emptyMemory(store, checkpoint);
    while (!stopping.signal.aborted) {
      hinted = false;
      const events = await log.readAll({ after: checkpoint.position, maxCount: BATCH });
      const last = events.at(-1);
      if (!last) {
        // A hint that came meanwhile may tell of an event that came after the answer was on its way.
        if (!hinted) await pause(POLL_MS);
        continue;
      }
      if (memory.registries.size + memory.auditHeads.size > MAX_REMEMBERED)
        memory = await emptyMemory(store, checkpoint);
      checkpoint = await applyOrPark(store, memory, checkpoint, events);
      parked = memory.parkedStreams.size;
      progress.advanceTo(checkpoint.position);
    }
  }

  /**
   * A batch that the database refuses is taken apart: one event at a time, and the one that cannot be applied is
   * parked with its stream, so that all others go on.
   */
  async function applyOrPark(
    store: ReadModelStore,
    memory: ProjectionMemory,
    from: Checkpoint,
    events: readonly RecordedEvent[],
  ): Promise<Checkpoint> {
    try {
      return await apply(store, memory, from, events);
    } catch (error) {
      if (!isRefusedByDatabase(error)) throw error;
      onFault(error);
    }
    let checkpoint = from;
    let clean = await emptyMemory(store, checkpoint);
    for (const event of events) {
      try {
        checkpoint = await apply(store, clean, checkpoint, [event]);
      } catch (error) {
        if (!isRefusedByDatabase(error)) throw error;
        onFault(error);
        clean = await emptyMemory(store, checkpoint);
        clean.parkedStreams.add(event.stream);
        checkpoint = await apply(store, clean, checkpoint, [event]);
      }
    }
    // What the fold remembered of the refused batch is wrong: start from the tables again.
    throw new CheckpointMoved('a batch was applied one event at a time');
  }

  async function apply(
    store: ReadModelStore,
    memory: ProjectionMemory,
    from: Checkpoint,
    events: readonly RecordedEvent[],
  ): Promise<Checkpoint> {
    await store.recall(memory, events);
    const changes = foldBatch(memory, events);
    for (const { position, reason } of changes.parked) onFault(new Error(`event ${position} is parked: ${reason}`));
    const to: Checkpoint = {
      position: events.at(-1)?.position ?? from.position,
      noticeSequence: memory.noticeSequence,
      changeSequence: memory.changeSequence,
    };
    await store.write(changes, from.position, to);
    // Leases come by the thousand and are needed at a rotation only.
    memory.activeLeases.clear();
    return to;
  }

  return {
    get leading() {
      return leading;
    },
    get parkedStreams() {
      return parked;
    },
    start() {
      running ??= run();
      const forget = log.onAppended(() => {
        hinted = true;
        wake?.();
      });
      stopping.signal.addEventListener('abort', () => forget());
    },
    async stop() {
      stopping.abort();
      wake?.();
      await running;
    },
  };
}

async function emptyMemory(store: ReadModelStore, checkpoint: Checkpoint): Promise<ProjectionMemory> {
  return {
    registries: new Map(),
    activeLeases: new Map(),
    auditHeads: new Map(),
    parkedStreams: new Set(await store.parkedStreams()),
    noticeSequence: checkpoint.noticeSequence,
    changeSequence: checkpoint.changeSequence,
  };
}

/** Classes 22 (data), 23 (integrity) and 42 (undefined): the rows are at fault, not the connection. */
function isRefusedByDatabase(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return false;
  return /^(22|23|42)/.test(error.code);
}
