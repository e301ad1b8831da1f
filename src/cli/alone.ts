import { openSession } from '../adapters/postgres/session.ts';
import { OperatorError } from '../domain/errors.ts';

export interface LoneWork {
  /** The number of an advisory lock. */
  readonly lock: string;
  /** What the other command does, such as "is changing the keys". */
  readonly work: string;
}

/** Runs what only one command may do at a time to a database. @throws OperatorError if another one does it */
export async function alone<Result>(
  connectionString: string,
  { lock, work }: LoneWork,
  run: () => Promise<Result>,
): Promise<Result> {
  const session = await openSession({ connectionString, name: 'purser lone command' }, () => undefined);
  try {
    const { rows } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [lock]);
    if (!rows[0]?.locked) {
      throw new OperatorError(`Another command ${work} of this database. Wait until it ends.`);
    }
    return await run();
  } finally {
    await session.end();
  }
}
