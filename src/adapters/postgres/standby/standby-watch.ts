import type { Position } from '../../../application/ports/event-log.ts';
import type { ProjectionProgress } from '../../../application/ports/read-models.ts';
import type { StandbyProgress } from '../../../application/ports/standby.ts';
import type { Logger } from '../logger.ts';
import { createProgress, type TrackedProgress } from '../read-models/progress.ts';
import { loggableStandby, type StandbyServer, standbyFault, UnfitStandby } from './standby-server.ts';

/** How often it is looked at, and how long a look may take: one that hangs is found within twice this time. */
const LOOK_EVERY_MS = 500;
/** One that lacks what is older is not used. */
const MAX_BEHIND_MS = 10_000;
/** So that an address that leads to several servers in turn is not tried by each query. */
const UNFIT_FOR_MS = 10_000;
const TOO_FAR_BEHIND = `It is more than ${MAX_BEHIND_MS / 1000} seconds behind.`;
const CATCHING_UP = 'It has yet to reach what the primary has answered.';

export interface StandbyWatch extends StandbyProgress {
  /** The same answer. @throws Error at once if the standby is found to be gone */
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
  /** When it may be used again after a session of it led elsewhere. */
  let notBefore = 0;
  /** Something that it lacked, and since when. */
  let lacked: { readonly position: Position; readonly since: number } | undefined;
  let lastBehindMs = 0;
  const losses = new Set<(error: unknown) => void>();
  let stopped = false;
  let next: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const behindMs = () => (lacked === undefined ? 0 : Math.max(performance.now() - lacked.since, lastBehindMs));

  function dismiss(reason: string, error?: unknown): void {
    if (fault !== reason) logger.warn({ reason, ...loggableStandby(error) }, 'queries do not go to the standby');
    fault = reason;
    floor = undefined;
    lacked = undefined;
    standby?.stop();
    standby = undefined;
  }

  function lost(error: unknown): void {
    if (stopped) return;
    server.forget();
    const reason = standbyFault(error);
    dismiss(reason, error);
    for (const lose of losses) lose(new Error(reason));
  }

  function look(): Promise<Position> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new UnfitStandby('It does not answer.')), LOOK_EVERY_MS);
      server
        .look()
        .then(resolve, reject)
        .finally(() => clearTimeout(late));
    });
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
      if (performance.now() < notBefore) return;
      const before = answers;
      floor ??= await primary.refresh();
      if (answering > 0 || answers !== before) floor = undefined;
      else if (position >= floor) use(position);
      else if (fault !== TOO_FAR_BEHIND) fault = CATCHING_UP;
    } catch (error) {
      lost(error);
    }
  }

  function lookAgain(inMs: number): void {
    if (stopped) return;
    clearTimeout(next);
    next = setTimeout(() => {
      next = undefined;
      looking = beat().finally(() => lookAgain(LOOK_EVERY_MS));
    }, inMs);
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
      const isUnfit = error instanceof UnfitStandby;
      if (isUnfit) notBefore = performance.now() + UNFIT_FOR_MS;
      if (fault === undefined) dismiss(isUnfit ? error.message : CATCHING_UP, error);
      try {
        return await byPrimary();
      } finally {
        answering -= 1;
        answers += 1;
        floor = undefined;
        // If a look is under way, the next one comes soon enough.
        if (next !== undefined) lookAgain(0);
      }
    },
    async begin() {
      await beat();
      lookAgain(LOOK_EVERY_MS);
    },
    async stop() {
      stopped = true;
      clearTimeout(next);
      await looking;
      standby?.stop();
    },
  };
}
