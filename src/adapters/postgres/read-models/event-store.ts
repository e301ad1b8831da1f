import type { Client } from 'pg';
import type { Position } from '../../../application/ports/event-log.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { openSession } from '../session.ts';

type Session = Pick<Client, 'query'>;

/** The name of the store that is the database itself. */
export const OWN_STORE = 'postgres';

/** Of a log in a KurrentDB, by what its streams begin with. */
export function kurrentStore(prefix: string): string {
  return `kurrentdb:${prefix}`;
}

/** Which event store the positions in this database are of; undefined before the first start. */
export async function readEventStore(client: Session): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>('select name from projection.event_store');
  return rows[0]?.name;
}

/**
 * The read models follow the events of one store, in which their checkpoint is a position. The first start with a database
 * says which; all others must have the same.
 * @throws OperatorError
 */
export async function requireEventStore(connectionString: string, name: string): Promise<void> {
  const client = await openSession({ connectionString, name: 'purser start' }, () => undefined);
  try {
    await client.query('insert into projection.event_store (name) values ($1) on conflict do nothing', [name]);
    await refuseOtherEventStore(client, name);
  } finally {
    await client.end();
  }
}

/**
 * For commands that only read: what they took from another store would look like a log without events.
 * @throws OperatorError if the database is of another store; not before the first start
 */
export async function refuseOtherEventStore(client: Session, name: string): Promise<void> {
  const known = await readEventStore(client);
  if (known === undefined || known === name) return;
  throw new OperatorError(
    `The events of this database are in ${known}, and EVENT_STORE_URL leads to ${name}. Correct it, or move the events with purser copy-log.`,
  );
}

/** Whoever brings the read models up to date now, by the clock of the database; undefined if nobody does. */
export async function currentLeader(client: Session): Promise<string | undefined> {
  const { rows } = await client.query<{ holder: string }>(
    'select holder from projection.leadership where expires_at > clock_timestamp()',
  );
  return rows[0]?.holder;
}

/**
 * For `beforeSwap` of a rebuild from the same events in another store: from then on, positions are those of that store.
 * @param head up to where webhooks have been told
 * @throws OperatorError, which leaves everything as it is, if the rebuilt audit chains are not the ones in use
 */
export async function moveToEventStore(client: Session, name: string, head: Position): Promise<void> {
  const { rows } = await client.query<{ project: string }>(
    `select coalesce(h.project_id, n.project_id) as project
       from read_models.audit_heads h full join read_models_next.audit_heads n using (project_id)
      where (h.sequence, h.hash) is distinct from (n.sequence, n.hash) order by 1`,
  );
  if (rows.length > 0) {
    const projects = rows.slice(0, 10).map(({ project }) => JSON.stringify(project));
    throw new OperatorError(
      `The events give another audit chain than the one recorded, for ${projects.join(', ')}${rows.length > 10 ? ', …' : ''}: they were changed since, or another version of Purser built the chain. Run purser rebuild with the events where they were to find out. The read models were left as they are.`,
    );
  }
  await client.query('update webhooks.head set position = $1', [String(head)]);
  await client.query(
    'insert into projection.event_store (name) values ($1) on conflict (only_row) do update set name = excluded.name',
    [name],
  );
}

/** How many projects have an audit chain, the service's own included. */
export async function countAuditChains(client: Session): Promise<number> {
  const { rows } = await client.query<{ count: number }>('select count(*)::int as count from read_models.audit_heads');
  return rows[0]?.count ?? 0;
}
