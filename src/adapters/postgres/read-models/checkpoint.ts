import { BEGINNING, type Position } from '../../../application/ports/event-log.ts';
import type { Queryable, Statement } from '../statement.ts';

/** Another projector moved the checkpoint, so this one's memory is out of date. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
}
const CHECKPOINT_MOVED = 'PU001';

/** Another replica leads since, so nothing of this one's batch was written. */
export class LeadLost extends Error {
  override readonly name = 'LeadLost';
}
const LEAD_LOST = 'PU003';

export interface Checkpoint {
  /** Differs for each build of the read models, because what a projector remembers of an earlier build is wrong. */
  readonly generation: string;
  readonly position: Position;
  /** How many events that Purser wrote there are up to the position. */
  readonly events: number;
}

interface CheckpointRow {
  readonly generation: string;
  readonly position: string;
  readonly events: number;
}

export async function loadCheckpoint(database: Queryable, schema: string): Promise<Checkpoint> {
  const { rows } = await database.query<CheckpointRow>({
    name: `${schema}.checkpoint-load`,
    text: `select generation, position::text, events::float8 as events from ${schema}.checkpoint`,
    values: [],
  });
  const [row] = rows;
  if (!row) throw new Error(`${schema}.checkpoint has no row`);
  return { ...row, position: BigInt(row.position) as Position };
}

/**
 * The first statement of a batch's transaction. It fails if another projector was faster, or if another replica leads
 * since the lead was taken for `term`; null for a rebuild, which needs no lead.
 */
export function advanceCheckpoint(
  { schema, term }: { readonly schema: string; readonly term: bigint | null },
  from: Checkpoint,
  to: Checkpoint,
  durable: boolean,
): Statement {
  const values = [
    `${schema}.checkpoint`,
    term,
    from.generation,
    String(from.position),
    String(to.position),
    to.events,
    durable ? 'on' : 'off',
  ];
  const text = `select projection.advance_checkpoint($1, $2, $3, $4, $5, $6), set_config('synchronous_commit', $7, true)`;
  return { name: `${schema}.checkpoint`, text, values };
}

/** The error for why a batch was refused as a whole; undefined if something else went wrong. */
export function refusedBatch(error: unknown, { position }: Checkpoint): CheckpointMoved | LeadLost | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === CHECKPOINT_MOVED) return new CheckpointMoved(`not at position ${position}`, { cause: error });
  if (code === LEAD_LOST) return new LeadLost('another replica leads the projection', { cause: error });
  return undefined;
}

/** How far the read models are, no matter which replica leads. */
export async function readCheckpoint(database: Queryable): Promise<Position> {
  const { rows } = await database.query<{ position: string }>({
    name: 'checkpoint',
    text: 'select position::text from read_models.checkpoint',
    values: [],
  });
  return rows[0] ? (BigInt(rows[0].position) as Position) : BEGINNING;
}
