import pg from 'pg';
import { isDataFault } from '../availability.ts';

/**
 * Why the database refused an event's rows: the error's code and the names of schema, table and constraint. Never its
 * message, which quotes values. Undefined if the rows are not at fault, as with a missing privilege, column or function.
 */
export function databaseRefusal(error: unknown): string | undefined {
  if (!isDataFault(error) || !(error instanceof pg.DatabaseError)) return undefined;
  const { code, table, column, constraint } = error;
  const named = Object.entries({ SQLSTATE: code, constraint, table, column }).flatMap(([kind, name]) =>
    name === undefined ? [] : [`${kind} ${name}`],
  );
  return `the database refused it: ${named.join(', ')}`;
}
