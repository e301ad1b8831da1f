import { readdirSync, readFileSync } from 'node:fs';
import { withClient } from './database.ts';

/** Clock ticks a second in `/proc`, on every Linux that Node runs on. */
const TICKS = 100;

interface ProcessTimes {
  readonly parent: number;
  /** CPU of the process itself, in seconds. */
  readonly own: number;
  /** CPU of its children that have ended. */
  readonly ended: number;
}

/** Undefined if it has ended. */
function timesOf(pid: number): ProcessTimes | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name is in parentheses and may have spaces.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const [own = 0, system = 0, ended = 0, endedSystem = 0] = fields.slice(11, 15);
  return { parent, own: (own + system) / TICKS, ended: (ended + endedSystem) / TICKS };
}

/** CPU that these processes have used so far, in seconds. Linux only. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (timesOf(pid)?.own ?? 0), 0);
}

/** CPU that a Postgres on this machine has used so far in all its processes, in seconds. Linux only. */
export async function postgresCpu(connectionString: string): Promise<() => number> {
  const backend = await withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return timesOf(rows[0]?.pid ?? 0);
  });
  const postmaster = backend?.parent;
  if (postmaster === undefined) throw new Error('the database does not run on this machine, or /proc is missing');
  return () => {
    const children = readdirSync('/proc').map((name) => timesOf(Number(name)));
    const own = timesOf(postmaster);
    return children.reduce(
      (sum, times) => sum + (times?.parent === postmaster ? times.own : 0),
      (own?.own ?? 0) + (own?.ended ?? 0),
    );
  };
}
