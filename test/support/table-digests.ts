import { createHash } from 'node:crypto';
import { withClient } from './server-databases.ts';

/** SHA-256 over all rows of each table, in an order of their own. JSON counts as it is written. */
export function digestsOfTables(connectionString: string, tables: readonly string[]): Promise<Record<string, string>> {
  return withClient(connectionString, async (client) => {
    const digests: Record<string, string> = {};
    for (const table of tables) {
      const { rows } = await client.query<{ line: string }>(`select t::text as line from ${table} t order by 1`);
      digests[table] = createHash('sha256')
        .update(rows.map(({ line }) => line).join('\n'))
        .digest('hex');
    }
    return digests;
  });
}
