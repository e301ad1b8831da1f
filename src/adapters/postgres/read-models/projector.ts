import type { Client } from 'pg';
import type { EventLog } from '../../../application/ports/event-log.ts';
import { isUnavailable } from '../availability.ts';
import { applyEvents, atCheckpoint, progressOf, type Target } from './apply-events.ts';
import { CheckpointMoved } from './checkpoint.ts';
import type { TrackedProgress } from './progress.ts';

const SCHEMA = 'read_models';
/** A session-level lock: with the connection, the lead is lost. The checkpoint's condition is the real fence. */
const LEADER_LOCK = 7_208_611_423;
const BATCH = 1_000;
/** Hints may be lost, so the log is read this often without one. */
const POLL_MS = 250;
const STANDBY_MS = 1_000;
/** The longest pause between attempts: a quick retry does not help if the database lacks something or the build is too old. */
const MAX_BACK_OFF_MS = 30_000;
/** Beyond this, everything remembered is dropped and read again when it is needed. */
const MAX_REMEMBERED = 50_000;

export interface ProjectorDeps {
  readonly log: EventLog;
  readonly progress: TrackedProgress;
  /** A new, connected client with `pipeline` on. It emits `error` or `end` when the connection is lost. */
  readonly connect: () => Promise<Client>;
  readonly onFault: (error: unknown) => void;
}

export interface Projector {
  readonly leading: boolean;
  start(): void;
  /** Finishes the current batch. Safe to call twice. */
  stop(): Promise<void>;
}

/** Keeps the read models up to date. Every replica runs a projector; the one with the lock works. */
export function createProjector({ log, progress, connect, onFault }: ProjectorDeps): Projector {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let leading = false;
  let wake: (() => void) | undefined;
  let hint: (() => void) | undefined;
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

  async function untilAppended(): Promise<void> {
    const waiting = pause(POLL_MS);
    hint = wake;
    await waiting;
    hint = undefined;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const before = progress.position;
      let client: Client | undefined;
      try {
        client = await connect();
        await lead(client);
        failures = 0;
      } catch (error) {
        if (!stopping.signal.aborted) onFault(error);
        failures = isUnavailable(error) || progress.position > before ? 0 : failures + 1;
      } finally {
        leading = false;
        await client?.end().catch(onFault);
      }
      await pause(Math.min(STANDBY_MS * 2 ** failures, MAX_BACK_OFF_MS) * (0.5 + Math.random()));
    }
  }

  async function lead(client: Client): Promise<void> {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
      LEADER_LOCK,
    ]);
    if (!rows[0]?.locked) return;
    leading = true;
    while (!stopping.signal.aborted) {
      try {
        await follow({ client, schema: SCHEMA });
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  /** Works from the stored checkpoint on, until it is stopped or another process moves the checkpoint. */
  async function follow(target: Target): Promise<void> {
    let reached = await progressOf(target);
    progress.advanceTo(reached.checkpoint.position);
    while (!stopping.signal.aborted) {
      hinted = false;
      const events = await log.readAll({ after: reached.checkpoint.position, maxCount: BATCH });
      if (events.length === 0) {
        // A hint during the read may announce an event that the answer does not contain.
        if (!hinted) await untilAppended();
        continue;
      }
      if (reached.projection.remembered > MAX_REMEMBERED) reached = await atCheckpoint(target, reached.checkpoint);
      reached = await applyEvents(target, reached, events, onFault);
      progress.advanceTo(reached.checkpoint.position);
    }
  }

  return {
    get leading() {
      return leading;
    },
    start() {
      running ??= run();
      const forget = log.onAppended(() => {
        hinted = true;
        hint?.();
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
