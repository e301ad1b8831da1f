import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { migrate } from '../src/adapters/postgres/migrate.ts';
import { openSession } from '../src/adapters/postgres/session.ts';

/** The service's own schemas by name, without those of extensions and other programs. `oid` is the schema's. */
const OWN_SCHEMAS = `select oid, nspname from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema' and (nspname <> 'public' or exists (select from pg_class where relnamespace = pg_namespace.oid))`;

/** Each query returns ordered `line`s. Constraints of type `n` (`not null`) are listed with their columns. */
const QUERIES: readonly (readonly [title: string, sql: string])[] = [
  ['schemas', `select format('%s', nspname) as line from own order by nspname`],
  [
    'tables',
    `select case position when 0 then E'\\n' || relname || options else '  ' || text end as line
     from (
       select c.oid::regclass::text as relname, coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '') as options,
         0 as position, '' as text
       from pg_class c join own on own.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm')
       union all
       select a.attrelid::regclass::text, '', a.attnum,
         format('%s %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
           case when a.attstorage <> t.typstorage then format(' storage %s', a.attstorage) end,
           case when a.attnotnull then ' not null' end,
           case when a.attidentity <> '' then format(' identity %s', a.attidentity) end,
           case when a.attgenerated <> '' then ' generated ' || pg_get_expr(d.adbin, d.adrelid)
             when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) end)
       from pg_attribute a
       join pg_class c on c.oid = a.attrelid join own on own.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
       union all
       select conrelid::regclass::text, '', 10000 + row_number() over (order by conname),
         format('constraint %s %s', conname, pg_get_constraintdef(k.oid))
       from pg_constraint k join own on own.oid = k.connamespace where k.conrelid <> 0 and k.contype <> 'n'
       union all
       select i.indrelid::regclass::text, '', 20000 + row_number() over (order by indexrelid::regclass::text),
         pg_get_indexdef(i.indexrelid)
       from pg_index i join pg_class c on c.oid = i.indrelid join own on own.oid = c.relnamespace
       where not exists (select from pg_constraint where conindid = i.indexrelid)
       union all
       select g.tgrelid::regclass::text, '', 30000 + row_number() over (order by tgname),
         pg_get_triggerdef(g.oid) || case g.tgenabled when 'A' then ' enable always' when 'O' then '' else ' enabled ' || g.tgenabled::text end
       from pg_trigger g join pg_class c on c.oid = g.tgrelid join own on own.oid = c.relnamespace where not g.tgisinternal
       union all
       select c.oid::regclass::text, '', 40000 + row_number() over (order by grants.grantee, grants.privilege_type),
         format('grant %s to %s', grants.privilege_type,
           case grants.grantee when 0 then 'public' when c.relowner then 'its owner' else grants.grantee::regrole::text end)
       from pg_class c join own on own.oid = c.relnamespace
       cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) grants
       where c.relkind in ('r', 'p', 'v', 'm') and (c.relacl is not null) and grants.privilege_type <> 'MAINTAIN'
     ) parts order by relname, position`,
  ],
  [
    'sequences and types',
    `select format('%s %s', case relkind when 'S' then 'sequence' else 'type' end, c.oid::regclass) as line
     from pg_class c join own on own.oid = c.relnamespace where relkind in ('S', 'c')
     union all
     select format('type %s %s', t.oid::regtype, (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid))
     from pg_type t join own on own.oid = t.typnamespace where typtype in ('e', 'd') order by 1`,
  ],
  [
    'functions',
    `select E'\\n' || rtrim(pg_get_functiondef(p.oid), E'\\n') as line from pg_proc p join own on own.oid = p.pronamespace
     where p.prokind in ('f', 'p') and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     order by p.oid::regprocedure::text`,
  ],
];

/** Describes a database without its rows, as text in a fixed order. */
export async function describeDatabase(connectionString: string): Promise<string> {
  const client = await openSession({ connectionString, name: 'schema dump' }, () => undefined);
  try {
    const parts: string[] = [];
    for (const [title, sql] of QUERIES) {
      const { rows } = await client.query<{ line: string }>(`with own as (${OWN_SCHEMAS}) ${sql}`);
      if (rows.length > 0) parts.push(`-- ${title}\n${rows.map(({ line }) => line).join('\n')}\n`);
    }
    return parts.join('\n');
  } finally {
    await client.end();
  }
}

/** Describes a new database after all migrations. */
export async function describeMigratedDatabase(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'purser-schema-'));
  try {
    const server = await startEmbeddedPostgres({ dataDir, logger: SILENT });
    try {
      await migrate(server.connectionString);
      return await describeDatabase(server.connectionString);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
