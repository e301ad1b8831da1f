import type { Position } from './event-log.ts';

/** Where a query reads: in the database that is written, or on its hot standby. */
export type ReadSource = 'primary' | 'standby';

/** How far the read models are on the hot standby, and whether queries may go there. */
export interface StandbyProgress {
  /** As far as this process knows. */
  readonly position: Position;
  /** Why queries may not go there, as a public sentence; undefined if they may. */
  readonly fault: string | undefined;
  /** For how long somebody has waited for what it has not passed, in milliseconds. */
  readonly behindMs: number;
  /** Resolves with true when its read models have passed the position, with false if that takes longer or it is gone. */
  waitFor(position: Position, withinMs: number): Promise<boolean>;
}
