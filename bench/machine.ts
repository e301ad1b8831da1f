import { execFile } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import pg from 'pg';
import { megabytes } from './figures.ts';

/** One sentence that describes the machine of the measurement. */
export async function machineFacts(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string; fsync: string }>(
      `select current_setting('server_version') as server_version, current_setting('fsync') as fsync`,
    );
    const { server_version: version = '?', fsync = '?' } = rows[0] ?? {};
    const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`;
    return `${cores}, ${megabytes(totalmem())}, Node ${process.versions.node}, Postgres ${version} with fsync ${fsync}; load generator and database on the same machine.`;
  } finally {
    await client.end();
  }
}

/** The resident memory of one process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1024;
}
