import pg from 'pg';
import { isDataFault } from '../availability.ts';

/**
 * Why the database refused an event's rows: the error's code and the names of what it concerns. Never its message, which
 * quotes values. Undefined where the rows are not at fault: a missing privilege, column or function is not theirs.
 */
export function databaseRefusal(error: unknown): string | undefined {
  if (!isDataFault(error) || !(error instanceof pg.DatabaseError)) return undefined;
  const { code, table, column, constraint } = error;
  const named = Object.entries({ SQLSTATE: code, constraint, table, column }).flatMap(([kind, name]) =>
    name === undefined ? [] : [`${kind} ${name}`],
  );
  return `the database refused it: ${named.join(', ')}`;
}
