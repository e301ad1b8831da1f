import type { SchemaState } from '../../../application/ports/doctor-queries.ts';
import { knownMigrations } from '../migrate.ts';
import type { Queryable } from '../statement.ts';

/** Reads only: a database that was never migrated has all of them missing. */
export async function readSchemaState(database: Queryable): Promise<SchemaState> {
  const known = await knownMigrations();
  const { rows: made } = await database.query<{ made: boolean }>({
    name: 'schema-made',
    text: `select to_regclass('purser.schema_migrations') is not null as made`,
    values: [],
  });
  const { rows } =
    made[0]?.made === true
      ? await database.query<{ name: string; checksum: string }>({
          name: 'schema-state',
          text: 'select name, checksum from purser.schema_migrations order by version',
          values: [],
        })
      : { rows: [] };
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const names = new Set(known.map(({ name }) => name));
  return {
    missing: known.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
    changed: known
      .filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
      .map(({ name }) => name),
    newer: [...applied.keys()].filter((name) => !names.has(name)),
    applied: applied.size,
  };
}
