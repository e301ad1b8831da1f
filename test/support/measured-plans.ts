import { type Client, escapeLiteral } from 'pg';
import { openSession } from '../../src/adapters/postgres/session.ts';
import type { Statement } from '../../src/adapters/postgres/statement.ts';

export interface MeasuredPlan {
  /** The statement's. */
  readonly name: string;
  /** Blocks that were read, from memory or from disk. */
  readonly buffers: number;
  /** The names of indexes, and of tables that were read as a whole. */
  readonly summary: string;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

export interface MeasuringClient {
  /** Runs the statement as a prepared one, with the plan that is made for any values and with the one for these values. */
  measure(statement: Statement): Promise<MeasuredPlan>;
  close(): Promise<void>;
}

export async function measuringClient(
  connectionString: string,
  { byIndexOnly = false } = {},
): Promise<MeasuringClient> {
  const session = { connectionString, name: 'test plans', statementTimeoutMs: 0, byIndexOnly };
  const client = await openSession(session, () => undefined);
  const prepared = new Set<string>();
  return {
    async measure({ name, text, values }) {
      if (!prepared.has(name)) {
        prepared.add(name);
        await client.query(`prepare "${name}" as ${text}`);
      }
      const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
      const plans = [];
      for (const mode of ['force_generic_plan', 'force_custom_plan'])
        plans.push(await explain(client, name, given, mode));
      return {
        name,
        ...(plans.toSorted((one, other) => other.buffers - one.buffers)[0] ?? { buffers: 0, summary: '' }),
      };
    },
    close: () => client.end(),
  };
}

async function explain(client: Client, name: string, given: string, mode: string) {
  await client.query(`set plan_cache_mode = ${mode}`);
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Node }[] }>(
    `explain (analyze, buffers, timing off, format json) execute "${name}"${given}`,
  );
  const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
  if (!plan) throw new Error('Postgres explained nothing');
  const nodes = allOf(plan.Plan);
  const used = nodes.flatMap(
    (node) => node['Index Name'] ?? (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : []),
  );
  return {
    buffers: plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks'],
    summary: `${mode}: ${[...new Set(used)].join(', ')}`,
  };
}

/** Lists hold ids. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return escapeLiteral(Array.isArray(value) ? `{${value.join(',')}}` : String(value));
}

function allOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(allOf)];
}
