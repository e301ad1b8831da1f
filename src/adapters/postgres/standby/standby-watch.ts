import type { Position } from '../../../application/ports/event-log.ts';
import type { ProjectionProgress } from '../../../application/ports/read-models.ts';
import type { StandbyProgress } from '../../../application/ports/standby.ts';
import type { Logger } from '../logger.ts';
import { createProgress, type TrackedProgress } from '../read-models/progress.ts';
import { loggableStandby, type StandbyServer, standbyFault, UnfitStandby } from './standby-server.ts';

/** The next look comes so long after the last one, */
const LOOK_EVERY_MS = 250;
/** and takes no longer: one that hangs is found within a second. */
const LOOK_MS = 750;
/** One that lacks what is older is not used. */
const MAX_BEHIND_MS = 10_000;
/** So that an address that leads to several servers in turn is not tried by each query. */
const UNFIT_FOR_MS = 10_000;
const TOO_FAR_BEHIND = `It is more than ${MAX_BEHIND_MS / 1000} seconds behind.`;
const CATCHING_UP = 'It has yet to reach what the primary has answered.';

/** A position that it has not passed, and since when that is known. */
interface Lack {
  readonly position: Position;
  readonly since: number;
}

export interface StandbyWatch extends StandbyProgress {
  /** For how long it has lacked something that the primary has, in milliseconds. */
  readonly lackedMs: number;
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
  /** What somebody waits for. The primary may lack it as well. */
  let awaited: Lack | undefined;
  let lastWaitMs = 0;
  /** What the primary has. */
  let lacked: Lack | undefined;
  const losses = new Set<(error: unknown) => void>();
  let stopped = false;
  let next: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const lackedMs = () => (lacked === undefined ? 0 : performance.now() - lacked.since);

  function dismiss(reason: string, error?: unknown): void {
    if (fault !== reason) logger.warn({ reason, ...loggableStandby(error) }, 'queries do not go to the standby');
    fault = reason;
    floor = undefined;
    awaited = undefined;
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

  const look = () => inTime(server.look());

  function passed(position: Position): Position {
    if (awaited !== undefined && position >= awaited.position) {
      lastWaitMs = performance.now() - awaited.since;
      awaited = undefined;
    }
    return position;
  }

  /** A position that it had before that of the primary was read. */
  function compare(position: Position, ofPrimary: Position): void {
    if (position >= ofPrimary) lacked = undefined;
    else if (lacked === undefined || position >= lacked.position) {
      lacked = { position: ofPrimary, since: performance.now() };
    }
    if (lackedMs() > MAX_BEHIND_MS) dismiss(TOO_FAR_BEHIND);
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
    lastWaitMs = 0;
    standby = createProgress({ readCheckpoint }, position);
    logger.info({}, 'queries go to the standby');
  }

  async function beat(): Promise<void> {
    try {
      const position = await look();
      if (standby !== undefined) {
        standby.advanceTo(passed(position));
        compare(position, await inTime(primary.refresh()).catch(() => primary.position));
        return;
      }
      if (performance.now() < notBefore) return;
      const before = answers;
      floor ??= await inTime(primary.refresh()).catch(() => undefined);
      if (floor === undefined) return;
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
      return awaited === undefined ? 0 : Math.max(performance.now() - awaited.since, lastWaitMs);
    },
    get lackedMs() {
      return lackedMs();
    },
    async waitFor(position, withinMs) {
      const used = standby;
      if (used === undefined) return false;
      if (position > used.position) awaited ??= { position, since: performance.now() };
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

/** @throws UnfitStandby if it takes longer than a look may */
function inTime<Result>(work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new UnfitStandby('It does not answer.'));
    // If it was this process that was busy, the answer may be there and comes first.
    const late = setTimeout(() => setImmediate(giveUp), LOOK_MS);
    work.then(resolve, reject).finally(() => clearTimeout(late));
  });
}
