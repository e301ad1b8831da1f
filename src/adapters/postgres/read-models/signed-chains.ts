import type { Client } from 'pg';
import { SERVICE_LOG } from '../../../domain/audit-head.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { LIVE } from './read-model.ts';

const NAMED = 10;

interface BrokenChain {
  readonly project_id: string;
  /** Of the last signed head. */
  readonly sequence: number;
  readonly signed_at: string;
  /** The chain ends before it. */
  readonly is_missing: boolean;
}

/**
 * Whether the audit chains of a build hold what was signed. An entry's hash covers all entries before it, so the last signed
 * head of each project is enough.
 * @throws OperatorError that names the projects, and the first entry that differs from the one in use
 */
export async function requireSignedChains(client: Pick<Client, 'query'>, schema: string): Promise<void> {
  const { rows } = await client.query<BrokenChain>(
    // Goes from project to project by the primary key: there are many more heads than projects.
    `with recursive signed (project_id) as (
       select min(project_id) from log.signed_heads
       union all
       select (select min(project_id) from log.signed_heads h where h.project_id > s.project_id)
         from signed s where s.project_id is not null
     )
     select s.project_id, last.sequence::float8 as sequence, last.signed_at, e.hash is null as is_missing
       from signed s
       cross join lateral (select sequence, hash, signed_at from log.signed_heads h
         where h.project_id = s.project_id order by h.sequence desc limit 1) last
       left join ${schema}.audit_entries e on e.project_id = s.project_id and e.sequence = last.sequence
      where e.hash is distinct from last.hash order by 1`,
  );
  const [first] = rows;
  if (first === undefined) return;
  const others = rows.length > NAMED ? ', …' : '';
  const names = rows.slice(0, NAMED).map(({ project_id }) => nameOf(project_id));
  throw new OperatorError(
    `The events give another audit log than the one that was signed, for ${names.join(', ')}${others}: ${await difference(client, schema, first)}. Events were changed, removed, or restored to an earlier state. Bring them back from a backup; see "Rebuild" in docs/operations.md. The read models were left as they are.`,
  );
}

async function difference(
  client: Pick<Client, 'query'>,
  schema: string,
  { project_id, sequence, signed_at, is_missing }: BrokenChain,
): Promise<string> {
  const signed = `entry ${sequence} of ${nameOf(project_id)} was signed at ${signed_at}`;
  if (is_missing) return `${signed}, and the events give fewer entries`;
  const { rows } = await client.query<{ sequence: number | null }>(
    `select min(n.sequence)::float8 as sequence
       from ${schema}.audit_entries n left join ${LIVE}.audit_entries l using (project_id, sequence)
      where n.project_id = $1 and n.sequence <= $2 and n.hash is distinct from l.hash`,
    [project_id, sequence],
  );
  const from = rows[0]?.sequence;
  return from == null ? `${signed} with another hash` : `${signed}, and entry ${from} is the first that differs`;
}

function nameOf(projectId: string): string {
  return projectId === SERVICE_LOG ? "the service's own log" : JSON.stringify(projectId);
}
