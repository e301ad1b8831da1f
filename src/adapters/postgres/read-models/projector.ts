import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { EventLog } from '../../../application/ports/event-log.ts';
import { isUnavailable } from '../availability.ts';
import { applyEvents, atCheckpoint, type Progress, progressOf, type Target } from './apply-events.ts';
import { CheckpointMoved } from './checkpoint.ts';
import type { ReadModelAuthenticator } from './forged-events.ts';
import type { Leadership, Lease } from './leadership.ts';
import { NewerEvent } from './newer-events.ts';
import type { TrackedProgress } from './progress.ts';
import { MAX_REMEMBERED } from './projection.ts';

const SCHEMA = 'read_models';
const BATCH = 1_000;
/** Hints may be lost, so the log is read this often without one. */
const POLL_MS = 250;
/** A replica that does not lead looks this often whether nobody does. */
const STANDBY_MS = 500;
/**
 * A position that was reached over events of others alone is kept this seldom. It only spares the next leader from reading
 * over them: nobody waits for it, because the log's head is an event of its own.
 */
const KEEP_PASSED_MS = 10_000;
const BACK_OFF_MS = 1_000;
/** A session whose network is silent would take minutes to end. */
const END_WITHIN_MS = 1_000;
/** The longest pause between attempts: a quick retry does not help if the database lacks something or the build is too old. */
const MAX_BACK_OFF_MS = 30_000;
/** How long a replica that cannot read the next event leaves the lead to others. */
const STAND_BACK_MS = 10_000;

export interface ProjectorDeps {
  readonly log: EventLog;
  readonly progress: TrackedProgress;
  readonly leadership: Leadership;
  /** A new, connected client with `pipeline` on. It emits `error` or `end` when the connection is lost. */
  readonly connect: () => Promise<Client>;
  readonly authenticator: ReadModelAuthenticator;
  readonly onFault: (error: unknown) => void;
  /** Calls `apply`, which applies a batch of so many events, and observes it. Default: only calls it. */
  readonly observeBatch?: (events: number, apply: () => Promise<Progress>) => Promise<Progress>;
}

export interface Projector {
  readonly leading: boolean;
  /** Why the read models stand still: this version cannot read the next event. Undefined once another has passed it. */
  readonly newerEvent: string | undefined;
  start(): void;
  /** Finishes the current batch. Safe to call twice. */
  stop(): Promise<void>;
}

/** Keeps the read models up to date. Every replica runs a projector; the one that leads works. */
export function createProjector(deps: ProjectorDeps): Projector {
  const { log, progress, leadership, connect, authenticator, onFault } = deps;
  const { observeBatch = (_events, apply) => apply() } = deps;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let hint: (() => void) | undefined;
  /** Whether there was a hint since the log was last read. */
  let hinted = false;
  let newer: NewerEvent | undefined;

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
      let pauseMs = STANDBY_MS;
      try {
        if (await leadership.isVacant()) await lead();
        failures = 0;
      } catch (error) {
        if (!stopping.signal.aborted) onFault(error);
        failures = isUnavailable(error) || progress.position > before ? 0 : failures + 1;
        pauseMs = Math.min(BACK_OFF_MS * 2 ** failures, MAX_BACK_OFF_MS);
        if (error instanceof NewerEvent) {
          newer = error;
          pauseMs = Math.max(pauseMs, STAND_BACK_MS);
        }
      }
      await pause(pauseMs * (0.5 + Math.random()));
    }
  }

  /** Until it is stopped or loses the lead. */
  async function lead(): Promise<void> {
    const client = await connect();
    let lease: Lease | undefined;
    try {
      lease = await leadership.take(client);
      if (lease) await work(client, lease);
    } finally {
      // First the session: nothing must be written any more when another replica may lead.
      await Promise.race([client.end().catch(onFault), delay(END_WITHIN_MS, undefined, { ref: false })]);
      await lease?.release().catch(onFault);
    }
  }

  async function work(client: Client, lease: Lease): Promise<void> {
    while (lease.held && !stopping.signal.aborted) {
      try {
        await follow({ client, schema: SCHEMA, term: lease.term, authenticator }, lease);
      } catch (error) {
        if (!(error instanceof CheckpointMoved)) throw error;
      }
    }
  }

  /** Works from the stored checkpoint on, until the lead is lost or another process moves the checkpoint. */
  async function follow(target: Target, lease: Lease): Promise<void> {
    let reached = await progressOf(target);
    let { position: passed } = reached.checkpoint;
    let keptAt = performance.now();
    progress.advanceTo(passed);
    while (lease.held && !stopping.signal.aborted) {
      lease.stepped();
      hinted = false;
      const page = await log.readAll({ after: passed, maxCount: BATCH });
      passed = page.position;
      const isKept = passed === reached.checkpoint.position || performance.now() - keptAt < KEEP_PASSED_MS;
      if (page.events.length > 0 || !isKept) {
        if (reached.projection.remembered > MAX_REMEMBERED) reached = await atCheckpoint(target, reached.checkpoint);
        const from = reached;
        reached = await observeBatch(page.events.length, () => applyEvents(target, from, page, onFault));
        keptAt = performance.now();
        progress.advanceTo(reached.checkpoint.position);
      } else if (page.atEnd && !hinted) {
        // A hint during the read may announce an event that the answer does not contain.
        await untilAppended();
      }
    }
  }

  return {
    get leading() {
      return leadership.leading;
    },
    get newerEvent() {
      return newer !== undefined && progress.position < newer.position ? newer.message : undefined;
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
