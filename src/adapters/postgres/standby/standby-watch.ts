import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../../application/ports/event-log.ts';
import type { ProjectionProgress, StandbyProgress } from '../../../application/ports/read-models.ts';
import type { Logger } from '../logger.ts';
import { createProgress, type TrackedProgress } from '../read-models/progress.ts';
import { loggableStandby, type StandbyServer, standbyFault, UnfitStandby } from './standby-server.ts';

/** How often it is looked at, and how long a look may take: one that hangs is found within twice this time. */
const LOOK_EVERY_MS = 500;
/** One that lacks what is older is not used. */
const MAX_BEHIND_MS = 10_000;
const TOO_FAR_BEHIND = `It is more than ${MAX_BEHIND_MS / 1000} seconds behind.`;
const CATCHING_UP = 'It has yet to reach what the primary has answered.';

export interface StandbyWatch extends StandbyProgress {
  /** The same answer. @throws UnfitStandby at once if the standby is found to be gone */
  unlessGone<Answer>(answer: Promise<Answer>): Promise<Answer>;
  /**
   * Has the primary answer in its place, because it could not. Until it has caught up with that answer, no query goes
   * there: nobody is told less than before.
   */
  insteadOf<Answer>(error: unknown, byPrimary: () => Promise<Answer>): Promise<Answer>;
  /** The first look. Never rejects. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

export interface StandbyWatchDeps {
  readonly server: Pick<StandbyServer, 'look' | 'forget'>;
  readonly primary: Pick<ProjectionProgress, 'position' | 'refresh'>;
  readonly logger: Logger;
}

export function createStandbyWatch({ server, primary, logger }: StandbyWatchDeps): StandbyWatch {
  let fault: string | undefined = 'It was not looked at yet.';
  /** Of the time in which it is used; it cannot go back. */
  let standby: TrackedProgress | undefined;
  /** What it must have before it is used: what the primary may have answered with in the meantime. */
  let floor: Position | undefined;
  /** Goes up with every answer of the primary in its place. */
  let answers = 0;
  let answering = 0;
  /** Something that it lacked, and since when. */
  let lacked: { readonly position: Position; readonly since: number } | undefined;
  let lastBehindMs = 0;
  const losses = new Set<(error: unknown) => void>();
  const stopping = new AbortController();
  let looking: Promise<void> | undefined;
  let hurrying = new AbortController();

  const behindMs = () => (lacked === undefined ? 0 : Math.max(performance.now() - lacked.since, lastBehindMs));

  function dismiss(reason: string, error?: unknown): void {
    if (fault === undefined) logger.warn({ reason, ...loggableStandby(error) }, 'queries do not go to the standby');
    fault = reason;
    floor = undefined;
    lacked = undefined;
    standby?.stop();
    standby = undefined;
  }

  function lost(error: unknown): void {
    if (stopping.signal.aborted) return;
    server.forget();
    const reason = standbyFault(error);
    if (fault !== undefined && fault !== reason)
      logger.warn({ reason, ...loggableStandby(error) }, 'the standby is not used');
    dismiss(reason, error);
    for (const lose of losses) lose(new UnfitStandby(reason));
  }

  async function look(): Promise<Position> {
    const late = new AbortController();
    const deadline = delay(LOOK_EVERY_MS, undefined, { signal: late.signal }).then(() => {
      throw new UnfitStandby('It does not answer.');
    });
    try {
      return await Promise.race([server.look(), deadline]);
    } finally {
      late.abort();
      deadline.catch(() => undefined);
    }
  }

  function passed(position: Position): Position {
    if (lacked !== undefined && position >= lacked.position) {
      lastBehindMs = performance.now() - lacked.since;
      lacked = undefined;
    }
    return position;
  }

  /** For those who wait. */
  async function readCheckpoint(): Promise<Position> {
    try {
      return passed(await look());
    } catch (error) {
      lost(error);
      throw error;
    }
  }

  function use(position: Position): void {
    fault = undefined;
    floor = undefined;
    lacked = undefined;
    lastBehindMs = 0;
    standby = createProgress({ readCheckpoint }, position);
    logger.info({}, 'queries go to the standby');
  }

  async function beat(): Promise<void> {
    try {
      const position = await look();
      if (standby !== undefined) {
        standby.advanceTo(passed(position));
        if (primary.position > position) lacked ??= { position: primary.position, since: performance.now() };
        if (behindMs() > MAX_BEHIND_MS) dismiss(TOO_FAR_BEHIND);
        return;
      }
      const before = answers;
      floor ??= await primary.refresh();
      if (answering > 0 || answers !== before) floor = undefined;
      else if (position >= floor) use(position);
      else fault = CATCHING_UP;
    } catch (error) {
      lost(error);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      hurrying = new AbortController();
      const signal = AbortSignal.any([stopping.signal, hurrying.signal]);
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await beat();
    }
  }

  return {
    get position() {
      return standby?.position ?? primary.position;
    },
    get fault() {
      return fault;
    },
    get behindMs() {
      return behindMs();
    },
    async waitFor(position, withinMs) {
      const used = standby;
      if (used === undefined) return false;
      if (position > used.position) lacked ??= { position, since: performance.now() };
      return used.waitFor(position, withinMs).catch(() => false);
    },
    unlessGone(answer) {
      return new Promise((resolve, reject) => {
        losses.add(reject);
        answer.then(resolve, reject).finally(() => losses.delete(reject));
      });
    },
    async insteadOf(error, byPrimary) {
      answering += 1;
      if (fault === undefined) dismiss(CATCHING_UP, error);
      try {
        return await byPrimary();
      } finally {
        answering -= 1;
        answers += 1;
        floor = undefined;
        hurrying.abort();
      }
    },
    async begin() {
      await beat();
      looking = run();
    },
    async stop() {
      stopping.abort();
      await looking;
      standby?.stop();
    },
  };
}
