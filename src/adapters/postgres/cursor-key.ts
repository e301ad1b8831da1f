import { randomBytes } from 'node:crypto';
import { openSession } from './session.ts';

/** The key with which all replicas authenticate cursors. The first replica that starts creates it. */
export async function loadCursorKey(connectionString: string): Promise<Buffer> {
  const client = await openSession({ connectionString, name: 'purser start' }, () => undefined);
  try {
    await client.query('insert into projection.cursor_key (key) values ($1) on conflict do nothing', [randomBytes(32)]);
    const { rows } = await client.query<{ key: Buffer }>('select key from projection.cursor_key');
    const [row] = rows;
    if (!row) throw new Error('projection.cursor_key has no row');
    return row.key;
  } finally {
    await client.end();
  }
}
