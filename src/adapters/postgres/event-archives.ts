import type { Client } from 'pg';
import type { EventAuthenticator } from '../../application/ports/event-authenticator.ts';
import { BEGINNING, type Position } from '../../application/ports/event-log.ts';
import { OperatorError } from '../../domain/errors.ts';
import type { Queryable } from './statement.ts';

/** In the table `log.event_archives`: up to where events have left the log, into which file, and the state there. */
export interface Edge {
  readonly upTo: Position;
  readonly events: number;
  /** See `WrittenArchive`. */
  readonly digest: string;
  readonly stateDigest: string;
  /** Of the tables of the state. */
  readonly shape: string;
}

export interface KnownEdge extends Edge {
  /** Whether all events of the file have left the log. */
  readonly isDone: boolean;
}

interface EdgeRow extends Omit<KnownEdge, 'upTo'> {
  readonly upTo: bigint;
  readonly code: string;
}

/** Where whoever reads the log from its beginning begins, although events may have left it. */
export interface LogBeginning {
  /** Up to where events have left it. */
  readonly edge: Position;
  /** Stands for all events up to the edge. Undefined if all of them are read: none have left, or archives have them. */
  readonly state: Edge | undefined;
}

export const FROM_FIRST_EVENT: LogBeginning = { edge: BEGINNING, state: undefined };

/** In their order. @throws OperatorError if somebody other than Purser wrote one */
export async function readEdges(
  database: Queryable,
  { isAuthenticText }: Pick<EventAuthenticator, 'isAuthenticText'>,
): Promise<readonly KnownEdge[]> {
  const { rows } = await database.query<EdgeRow>({
    name: 'event-archives',
    text: `select up_to as "upTo", events::float8 as events, digest, state_digest as "stateDigest", shape, code,
        removed_at is not null as "isDone"
      from log.event_archives order by up_to`,
    values: [],
  });
  return rows.map(({ code, ...row }) => {
    const edge = { ...row, upTo: row.upTo as Position };
    if (isAuthenticText(signed(edge), code)) return edge;
    throw new OperatorError(
      `The table log.event_archives has a row that Purser did not write (up_to ${row.upTo}), so where the log begins is not known. Restore the table's rows from a backup.`,
    );
  });
}

/** After it, nothing has left the log. */
export function newestEdge(edges: readonly Edge[]): Position {
  return edges.at(-1)?.upTo ?? BEGINNING;
}

/**
 * Events that leave the log while it is read are missing in what is made of it.
 * @throws OperatorError if there is another edge than before
 */
export async function requireEdge(
  database: Queryable,
  edge: Position,
  authenticator: Pick<EventAuthenticator, 'isAuthenticText'>,
): Promise<void> {
  if (newestEdge(await readEdges(database, authenticator)) === edge) return;
  throw new OperatorError('Events were archived meanwhile, and what was built lacks them. Run the command again.');
}

/** Readers that begin at the state go on from the edge from here on. States of earlier edges are dropped. */
export async function addEdge(
  client: Client,
  edge: Edge,
  { signText }: Pick<EventAuthenticator, 'signText'>,
): Promise<void> {
  const { upTo, events, digest, stateDigest, shape } = edge;
  await client.query('begin; set local synchronous_commit = on');
  try {
    await client.query(
      `insert into log.event_archives (up_to, events, digest, state_digest, shape, code) values ($1, $2, $3, $4, $5, $6)
       on conflict (up_to) do update set state_digest = excluded.state_digest, shape = excluded.shape, code = excluded.code`,
      [upTo, events, digest, stateDigest, shape, signText(signed(edge))],
    );
    await client.query('delete from log.edge_state where up_to <> $1', [upTo]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

export async function noteRemoved(client: Client, upTo: Position): Promise<void> {
  await client.query('update log.event_archives set removed_at = now() where up_to = $1', [upTo]);
}

/** For a database whose events are all in another store from now on. */
export async function forgetEdges(client: Pick<Client, 'query'>): Promise<void> {
  await client.query('delete from log.edge_state; delete from log.archived_leases; delete from log.event_archives');
}

/** What the code covers. */
function signed({ upTo, events, digest, stateDigest, shape }: Edge) {
  return {
    purpose: 'edge of the log',
    text: JSON.stringify([String(upTo), events, digest, stateDigest, shape]),
  } as const;
}
