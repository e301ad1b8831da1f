import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { createAuditHeads } from '../../src/adapters/postgres/audit-heads.ts';
import { signAuditHeads } from '../../src/application/audit/sign-audit-heads.ts';
import { runProgram } from '../../src/cli/program.ts';
import { openVault } from '../../src/composition/stores.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { CREATE } from '../service/operations.ts';
import { canary } from './canary.ts';
import { openEvents } from './open-events.ts';
import { startPurser, type TestPurser } from './purser.ts';
import { withClient } from './server-databases.ts';
import { until } from './until.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The audit log of the project `demo`, whose head is signed when a test says so. */
export interface SignedLog {
  readonly purser: TestPurser;
  /** Once something is signed: in base64. */
  publicKey(): string;
  /** A command of Purser, on this service's database. */
  run(...argv: string[]): Promise<Run>;
  /** The same with other settings. */
  runWith(settings: Readonly<Record<string, string>>, ...argv: string[]): Promise<Run>;
  sql<Row>(text: string): Promise<Row[]>;
  /** Of the entries in the table, in their order. */
  numbers(): Promise<number[]>;
  /** Registers so many registries, waits for their entries and signs the newest, as the leader does each minute. */
  add(count: number, options?: { readonly signed: boolean }): Promise<void>;
  /** Archives what is signed by now. @returns the file, or what was said if there is none */
  archive(folder: string): Promise<string>;
  /** Writes an export of what is in the table. @returns the file */
  exportTo(file: string): Promise<string>;
  verify(file: string, ...options: string[]): Promise<Run>;
}

export async function startSignedLog(environment: Readonly<Record<string, string>> = {}): Promise<SignedLog> {
  const purser = await startPurser();
  let publicKey = '';
  /** Registries, and so entries, whichever store has the events. */
  let made = 0;

  const runWith: SignedLog['runWith'] = (settings, ...argv) => runOn(purser, settings, ...argv);

  const run = (...argv: string[]) => runWith(environment, ...argv);

  const sql = <Row>(text: string) =>
    withClient(purser.connectionString, async (client) => (await client.query(text)).rows as Row[]);

  return {
    purser,
    publicKey: () => publicKey,
    run,
    runWith,
    sql,
    async numbers() {
      const rows = await sql<{ n: number }>(
        `select sequence::int as n from read_models.audit_entries where project_id = 'demo' order by 1`,
      );
      return rows.map(({ n }) => n);
    },
    async add(count, { signed } = { signed: true }) {
      for (let done = 0; done < count; done += 1) {
        const input = { url: `${crypto.randomUUID()}.example`, username: 'ada', password: canary('archive') };
        expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
      }
      made += count;
      const head = `select from read_models.audit_heads where project_id = 'demo' and sequence = ${made}`;
      await until(async () => (await sql(head)).length > 0);
      if (signed) publicKey = await signHeads(purser);
    },
    async archive(folder) {
      const { code, stdout, stderr } = await run('archive', folder, '--before', new Date().toISOString());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return /are in (.*)\n$/.exec(stdout)?.[1] ?? stdout;
    },
    async exportTo(file) {
      const { stdout } = await run('audit', 'export', '--project', 'demo');
      await writeFile(file, stdout);
      return file;
    },
    verify: (file, ...options) => run('audit', 'verify', file, '--public-key', publicKey, ...options),
  };
}

/** Signs the newest entry of each project, as the leader does each minute. @returns the public key, in base64 */
export async function signHeads({
  connectionString,
  environment,
}: Pick<TestPurser, 'connectionString' | 'environment'>): Promise<string> {
  const log = openEvents(environment);
  const vault = await openVault(readConfig(environment), createLogger('silent'), { connectionString, log });
  try {
    return await withClient(connectionString, async (client) => {
      const heads = createAuditHeads(client);
      const metrics = { headsSigned: () => undefined, chainsBroken: () => undefined };
      const broken: string[] = [];
      const onBroken = (projects: readonly string[]) => broken.push(...projects);
      const signer = vault.auditSigner;
      await signAuditHeads({ heads, signer, instance: 'test', metrics, now: Date.now, onBroken })();
      expect(broken).toEqual([]);
      return (await heads.keys())[0]?.publicKey ?? '';
    });
  } finally {
    await vault.close();
    await log.close();
  }
}

/** A command of Purser, on the database of a service. */
export async function runOn(
  { environment }: Pick<TestPurser, 'environment'>,
  settings: Readonly<Record<string, string>>,
  ...argv: readonly string[]
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const code = await runProgram(
    argv,
    { ...environment, LOG_LEVEL: 'silent', ...settings },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { code, ...written };
}
