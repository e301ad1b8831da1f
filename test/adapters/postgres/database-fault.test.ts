import { once } from 'node:events';
import { chmod, chown, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseFault, explainDatabaseFault } from '../../../src/adapters/postgres/database-fault.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { createCertificates } from '../../support/certificates.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import { withClient } from '../../support/server-databases.ts';

let parent: string;
let clusterDir: string;
let server: EmbeddedPostgres;
let superuser: string;
let port: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'purser-database-'));
  // The path is too long for a socket, so the server listens on loopback, where TLS is possible.
  clusterDir = join(parent, 'a-long-name'.repeat(10), 'postgres');
  await start();
  await sql(`create role guest login password 'corr3ct'`);
  await sql('create role sleeper nologin');
  await sql(`create database guests owner guest`);
});
afterAll(async () => {
  await server.stop();
  await rm(parent, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const dataDir = dirname(clusterDir);
  server = await startEmbeddedPostgres({ dataDir, logger: SILENT });
  ({ port } = new URL(server.connectionString));
  const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
  superuser = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
}

const sql = (text: string, url = superuser) => withClient(url, (client) => client.query(text));
const url = (rest: { password?: string; role?: string; database?: string; query?: string } = {}) =>
  `postgresql://${rest.role ?? 'guest'}:${rest.password ?? 'corr3ct'}@127.0.0.1:${port}/${rest.database ?? 'guests'}${rest.query ?? ''}`;

/** The sentence that an operator reads at the start with this `DATABASE_URL`; undefined if it starts. */
async function sentenceFor(databaseUrl: string): Promise<string | undefined> {
  const error = await migrate(databaseUrl).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  const fault = error instanceof DatabaseFault ? error : await explainDatabaseFault(error, databaseUrl);
  if (fault === undefined) throw error;
  for (const secret of ['corr3ct', 'wr0ng']) expect(fault.message).not.toContain(secret);
  return fault.message;
}

async function withRules(rules: string, use: () => Promise<void>): Promise<void> {
  const file = join(clusterDir, 'pg_hba.conf');
  const before = await readFile(file, 'utf8');
  const reload = () => sql('select pg_reload_conf()');
  await writeFile(file, `host all postgres 127.0.0.1/32 scram-sha-256\n${rules}\n`);
  await reload();
  try {
    await use();
  } finally {
    await writeFile(file, before);
    await reload();
  }
}

describe('a server that refuses', () => {
  it('a password', async () => {
    const sentence = `Postgres at 127.0.0.1:${port} refuses role "guest" with this password`;
    expect(await sentenceFor(url({ password: 'wr0ng' }))).toContain(sentence);
    expect(await sentenceFor(url({ password: '' }))).toContain(
      `asks role "guest" for a password, and DATABASE_URL has`,
    );
  });

  it('a role that does not exist or may not log in', async () => {
    await withRules('host all all 127.0.0.1/32 trust', async () => {
      for (const role of ['stranger', 'sleeper']) {
        await expect.poll(() => sentenceFor(url({ role }))).toContain(`has no role "${role}" that may log in`);
      }
    });
  });

  it('a database that does not exist', async () => {
    expect(await sentenceFor(url({ database: 'nowhere' }))).toContain(
      `Postgres at 127.0.0.1:${port} has no database "nowhere". Create it`,
    );
  });

  it('to connect to a database, or to create schemas in it', async () => {
    await sql('create database closed');
    await sql('revoke all on database closed from public');
    expect(await sentenceFor(url({ database: 'closed' }))).toContain(
      'does not let role "guest" connect to database "closed" or create schemas in it',
    );
    await sql('grant connect on database closed to guest');
    expect(await sentenceFor(url({ database: 'closed' }))).toContain(
      'run: grant connect, create on database "closed" to "guest"',
    );
    await sql('grant create on database closed to guest');
    expect(await sentenceFor(url({ database: 'closed' }))).toBeUndefined();
  });

  const missing = skipReason('openssl');
  it.skipIf(missing)(titled('a connection without TLS, or with it', missing), async () => {
    expect(await sentenceFor(url({ query: '?sslmode=no-verify' }))).toContain('does not offer TLS');
    await withRules('hostssl all all 127.0.0.1/32 scram-sha-256', async () => {
      await expect
        .poll(() => sentenceFor(url()))
        .toMatch(/accepts no connection without TLS from this machine for role "guest" .* add \?sslmode=verify-full/);
    });
    await withTls(async () => {
      expect(await sentenceFor(url({ query: '?sslmode=verify-full' }))).toMatch(
        /The certificate of .* is not accepted/,
      );
      expect(await sentenceFor(url({ query: '?sslmode=no-verify' }))).toBeUndefined();
      await withRules('hostnossl all all 127.0.0.1/32 scram-sha-256', async () => {
        await expect
          .poll(() => sentenceFor(url({ query: '?sslmode=no-verify' })))
          .toContain('accepts no connection with TLS from this machine');
      });
    });
  });

  it('to write, although there is nothing to migrate: by a setting, or as a standby', async () => {
    expect(await sentenceFor(url())).toBeUndefined();
    await sql('alter role guest set default_transaction_read_only = on');
    expect(await sentenceFor(url())).toContain('"guests" on Postgres at');
    expect(await sentenceFor(url())).toContain('is read-only');
    await sql('alter role guest reset default_transaction_read_only');
    expect(await sentenceFor(url())).toBeUndefined();

    await server.stop();
    await writeFile(join(clusterDir, 'standby.signal'), '');
    await start();
    expect(await sentenceFor(url())).toContain('is read-only: the server is a standby');
    await server.stop();
    await rm(join(clusterDir, 'standby.signal'));
    await start();
    expect(await sentenceFor(url())).toBeUndefined();
  });

  it('one connection more', async () => {
    await sql('alter role guest connection limit 0');
    expect(await sentenceFor(url())).toContain('has no free connection for role "guest" and database "guests"');
    await sql('alter role guest connection limit -1');
  });
});

async function withTls(use: () => Promise<void>): Promise<void> {
  const { certificateFile, keyFile } = await createCertificates(join(parent, 'tls'));
  const { uid, gid } = await stat(clusterDir);
  for (const file of [certificateFile, keyFile]) {
    const copy = join(clusterDir, basename(file));
    await copyFile(file, copy);
    await chmod(copy, 0o600);
    await chown(copy, uid, gid);
  }
  await sql('alter system set ssl = on');
  await sql('select pg_reload_conf()');
  try {
    await expect.poll(() => sentenceFor(url({ query: '?sslmode=no-verify' }))).toBeUndefined();
    await use();
  } finally {
    await sql('alter system reset ssl');
    await sql('select pg_reload_conf()');
  }
}

describe('a database that Purser cannot use', () => {
  it('because the server is too old', async () => {
    await sql('create schema old authorization guest', superuser.replace(/postgres$/, 'guests'));
    // Found before the real function, it reports another version.
    await sql(
      `create function old.current_setting(name text) returns text language sql as $$
         select case name when 'server_version_num' then '140012' when 'server_version' then '14.12'
                else pg_catalog.current_setting(name) end $$`,
      url(),
    );
    await sql('alter role guest set search_path = old, pg_catalog');
    expect(await sentenceFor(url())).toContain('runs version 14.12, but Purser needs 15 or later');
    await sql('alter role guest reset search_path');
  });

  it.each([
    ['SQL_ASCII', 'C'],
    ['LATIN1', 'C'],
  ])('because it has the encoding %s', async (encoding, locale) => {
    const database = `encoded_${encoding.toLowerCase()}`;
    await sql(`create database ${database} owner guest encoding '${encoding}' locale_provider libc locale '${locale}'
      template template0`);
    expect(await sentenceFor(url({ database }))).toContain(
      `Database "${database}" on Postgres at 127.0.0.1:${port} has the encoding ${encoding}, which cannot keep every text as it is. Create one with UTF8 (create database "${database}" owner "guest" encoding 'UTF8' template template0)`,
    );
  });

  it('because another program uses the same names there', async () => {
    await sql('create database taken owner guest');
    const taken = url({ database: 'taken' });
    await sql('create schema log', taken);
    expect(await sentenceFor(taken)).toContain('Database "taken" on Postgres at');
    await sql('drop schema log', taken);
    await sql('create schema purser; create table purser.schema_migrations (id text)', taken);
    expect(await sentenceFor(taken)).toContain('Create a database for Purser alone');
    await sql('drop schema purser cascade', taken);
    // Purser ignores everything in `public`.
    await sql(
      `create table schema_migrations (version text); insert into schema_migrations values ('20260101')`,
      taken,
    );
    expect(await sentenceFor(taken)).toBeUndefined();
  });
});

describe('an address', () => {
  const listening = async (other: Server): Promise<string> => {
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    return `127.0.0.1:${(other.address() as AddressInfo).port}`;
  };

  it('that is not a Postgres', async () => {
    const http = createHttpServer();
    const talkative = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'));
    const silent = createServer();
    for (const other of [http, talkative, silent]) {
      const address = await listening(other);
      const sentence = `The server at ${address} does not answer like Postgres`;
      expect(await sentenceFor(`postgresql://guest:corr3ct@${address}/guests`)).toContain(sentence);
      if (other !== silent) {
        const withTls = `postgresql://guest:corr3ct@${address}/guests?sslmode=no-verify`;
        expect(await sentenceFor(withTls)).toContain(sentence);
      }
      other.close();
      if ('closeAllConnections' in other) (other as typeof http).closeAllConnections();
    }
  });

  it('on which nothing listens', async () => {
    expect(await sentenceFor('postgresql://guest:corr3ct@127.0.0.1:1/guests')).toContain(
      'Nothing listens on 127.0.0.1:1.',
    );
    expect(await sentenceFor('postgresql://guest:corr3ct@/guests?host=/nonexistent')).toContain(
      'There is no Postgres socket in /nonexistent for port 5432',
    );
  });

  it('with an unknown name', async () => {
    expect(await sentenceFor('postgresql://guest:corr3ct@nowhere.invalid/guests')).toContain(
      'The host nowhere.invalid in DATABASE_URL cannot be found',
    );
  });

  it('that names a missing certificate file', async () => {
    const sentence = await sentenceFor(url({ query: '?sslmode=verify-full&sslrootcert=/nonexistent/ca.pem' }));
    expect(sentence).toContain('names the file /nonexistent/ca.pem, which cannot be read');
  });
});

it('does not explain a fault of the statement', async () => {
  const client = new pg.Client(url());
  await client.connect();
  const error = await client.query('select 1 / 0').catch((thrown: unknown) => thrown);
  await client.end();
  expect(await explainDatabaseFault(error, url())).toBeUndefined();
});

// The last test, because it stops the server.
it('says that a server is starting up or shutting down', async () => {
  const pid = Number.parseInt(await readFile(join(clusterDir, 'postmaster.pid'), 'utf8'), 10);
  // The server waits for open sessions, such as that of the data folder's owner.
  process.kill(pid, 'SIGTERM');
  await expect.poll(() => sentenceFor(url())).toContain('is starting up or shutting down');
});
