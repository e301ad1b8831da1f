import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../src/adapters/postgres/audit-heads.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import { keyRecordsOver } from '../../src/adapters/postgres/vault/key-record-store.ts';
import { loadAuditSigner } from '../../src/adapters/vault/audit-keys.ts';
import { loadKeyRing } from '../../src/adapters/vault/key-ring.ts';
import { signAuditHeads } from '../../src/application/audit/sign-audit-heads.ts';
import { runProgram } from '../../src/cli/program.ts';
import { startService } from '../../src/compose.ts';
import { readConfig } from '../../src/config/config.ts';
import { chainHash } from '../../src/domain/audit-entry.ts';
import { type ChainedEntry, headLine } from '../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { createLogger } from '../../src/logger.ts';
import { startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { examine, withFault as withFaultIn } from '../support/doctor.ts';
import { createEmptyDatabase } from '../support/postgres.ts';
import { ask, startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT, CREATE, GET, ISSUE, ROTATE } from './operations.ts';

const SILENT_LINES = createLogger('silent');

/** No service runs, so that nothing corrects what is planted. */
let folder: string;
let environment: Record<string, string>;
let id: string;
let token: string;
let anchor: string;
/** Made when the first half of the events was there. */
let olderBackup: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-restored-'));
  olderBackup = join(folder, 'older');
  anchor = join(folder, 'anchor');
  const purser = await startPurser();
  const keyFile = join(folder, 'key');
  await copyFile(join(purser.environment.PURSER_DATA_DIR ?? '', 'master-key'), keyFile);
  environment = { ...purser.environment, MASTER_KEY_FILE: keyFile, PURSER_DATA_DIR: folder, LOG_LEVEL: 'silent' };
  const input = { url: 'ghcr.io', username: 'ada', password: canary('restored') };
  token = purser.token();
  id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
  await purser.graphql(GET, { id });
  await sign();
  await run('backup', olderBackup);
  await purser.graphql(ROTATE, { id, input: { password: canary('restored') } });
  // The query waits until the read models have the rotation.
  await purser.graphql(GET, { id });
  await writeFile(anchor, (await sign()).map((head) => `${headLine(head)}\n`).join(''));
  await leaveOrphan(purser);
  await purser.stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A rotation whose process dies after its secret was stored. */
async function leaveOrphan(purser: TestPurser): Promise<void> {
  const replica = await startReplica(purser, {
    log: (real) => ({ ...real, append: () => Promise.reject(new EventLogUnavailable('The process died.')) }),
  });
  await expect(replica.rotate(id, canary('orphan'))).rejects.toThrow();
  await replica.close();
}

const url = () => environment.DATABASE_URL ?? '';
const doctor = (...argv: string[]) => examine(environment, ...argv);
const sql = (text: string, values: unknown[] = []) =>
  withClient(url(), async (client) => (await client.query(text, values)).rows);

async function run(...argv: string[]): Promise<void> {
  let stderr = '';
  const output = { stdout: { write: () => undefined }, stderr: { write: (text: string) => (stderr += text) } };
  expect({ code: await runProgram(argv, environment, output), stderr }).toEqual({ code: 0, stderr: '' });
}

/** As the leader does every minute. @returns the heads */
async function sign(): Promise<readonly SignedAuditHead[]> {
  const client = await openSession({ connectionString: url(), name: 'test' }, () => undefined);
  try {
    const keyRing = await loadKeyRing({ file: environment.MASTER_KEY_FILE ?? '', createIfMissing: false });
    const heads = createAuditHeads(client);
    await signAuditHeads({
      heads,
      signer: await loadAuditSigner(keyRing, keyRecordsOver(client)),
      instance: 'test',
      metrics: { headsSigned: () => undefined, chainsBroken: () => undefined },
      now: Date.now,
      onBroken: () => undefined,
    })();
    return (await heads.list('demo', { first: 10, before: undefined })).heads.toReversed();
  } finally {
    await client.end();
  }
}

async function exportedEntries(): Promise<ChainedEntry[]> {
  let stdout = '';
  const output = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined } };
  await runProgram(['audit', 'export', '--project', 'demo'], environment, output);
  return stdout.split('\n').flatMap((line) => (line.includes('"record":"entry"') ? [JSON.parse(line)] : []));
}

async function stored(): Promise<unknown> {
  return await sql(`select (select max(position) from log.events) as position, (select count(*) from log.events) as events,
    (select count(*) from vault.secrets) as secrets`);
}

const withFault = (plant: string, remedy: string, test: () => Promise<void>) =>
  withFaultIn(sql, { plant, remedy }, test);

describe('purser doctor, while no service runs,', () => {
  it('says ok, with the anchor', async () => {
    const { wrong, of } = await doctor('--anchor', anchor);
    expect(wrong).toEqual({});
    expect(of('anchors').found).toBe('2 anchored heads found in the logs');
    expect(of('signed heads').found).toBe('2 signatures verified');
    expect(of('projection').found).toContain('no replica runs');
  });

  it('finds a log and a vault that were restored together to an earlier state, by the anchor alone', async () => {
    const restored = { ...environment, DATABASE_URL: await createEmptyDatabase() };
    const output = { stdout: { write: () => undefined }, stderr: { write: () => undefined } };
    expect(await runProgram(['restore', olderBackup], restored, output)).toBe(0);
    expect((await examine(restored)).wrong).toEqual({});
    const { wrong, of } = await examine(restored, '--anchor', anchor);
    expect(wrong).toEqual({ anchors: 'failed' });
    expect(of('anchors').found).toContain('the log is older than its anchor');
    expect(of('anchors').found).toContain('up to project demo, entry 2');
  });

  it('finds an audit entry that was changed, and one that was written anew with all hashes', async () => {
    await sql('create table public.kept as select * from read_models.audit_entries');
    const remedy = `delete from read_models.audit_entries;
      insert into read_models.audit_entries select * from public.kept`;
    await withFault(`update read_models.audit_entries set actor = 'nobody' where sequence = 2`, remedy, async () => {
      const { wrong, of } = await doctor();
      expect(wrong).toEqual({ 'audit chains': 'failed' });
      expect(of('audit chains').found).toContain('project demo, entry 2 (CHANGED)');
    });
    await withFault(`delete from read_models.audit_entries where sequence = 2`, remedy, async () => {
      const { wrong, of } = await doctor();
      expect(wrong).toEqual({ 'audit chains': 'failed' });
      expect(of('audit chains').found).toContain('project demo, entry 2 (CUT)');
    });
    await sql('drop table public.kept');
  });

  it('finds a chain that is whole and is not what the events give', async () => {
    const [kept] = await sql(`select hash from read_models.audit_entries where sequence = 2`);
    await sql(`alter table log.signed_heads disable trigger append_only`);
    await sql('create table public.kept as select * from log.signed_heads where sequence = 2');
    await sql('delete from log.signed_heads where sequence = 2');
    const [first, second] = await exportedEntries();
    if (!first || !second) throw new Error('the log has two entries');
    const hash = chainHash(first.hash, 2, { ...second, actor: 'nobody' });
    const setTo = (actor: string, value: string) =>
      `update read_models.audit_entries set actor = '${actor}', hash = '${value}' where sequence = 2;
       update read_models.audit_heads set hash = '${value}'`;
    await withFault(setTo('nobody', hash), setTo(second.actor, kept.hash), async () => {
      const { wrong, of } = await doctor();
      expect(wrong).toEqual({ 'audit chains': 'failed' });
      expect(of('audit chains').found).toContain('not what the events give: audit_entries');
      expect(of('audit chains').found).toContain('["demo", 2], is another one');
      expect((await doctor('--anchor', anchor)).wrong).toEqual({ 'audit chains': 'failed', anchors: 'failed' });
    });
    await sql('insert into log.signed_heads select * from public.kept; drop table public.kept');
    await sql(`alter table log.signed_heads enable always trigger append_only`);
  });

  it('finds a signature that does not fit', async () => {
    await sql(`alter table log.signed_heads disable trigger append_only`);
    const flip = `update log.signed_heads set signature = set_byte(signature, 0, get_byte(signature, 0) # 1) where sequence = 2`;
    await withFault(flip, flip, async () => {
      // The newest head must be right for the keys to be.
      expect((await doctor()).of('keys').status).toBe('failed');
    });
    const flipFirst = flip.replace('sequence = 2', 'sequence = 1');
    await withFault(flipFirst, flipFirst, async () => {
      const { wrong, of } = await doctor();
      expect(wrong).toEqual({ 'signed heads': 'failed' });
      expect(of('signed heads').found).toContain('project demo, entry 1 (WRONG_KEY)');
    });
    await sql(`alter table log.signed_heads enable always trigger append_only`);
  });

  it('refuses an anchor that is none, and passes over half a line at its end', async () => {
    const torn = join(folder, 'torn');
    await writeFile(torn, '{"record":"head","for');
    expect((await doctor('--anchor', anchor, '--anchor', torn)).wrong).toEqual({});
    await writeFile(torn, 'nothing\nelse\n');
    expect((await doctor('--anchor', torn)).of('anchors')).toMatchObject({
      status: 'failed',
      found: `it broke off: The anchor ${torn} has no signed head in line 1`,
    });
    expect((await doctor('--anchor', join(folder, 'none'))).wrong).toEqual({ anchors: 'failed' });
  });

  it('warns of deliveries that were given up', async () => {
    const eventId = randomUUID();
    await withFault(
      `insert into webhooks.notices values ('${eventId}', 1, 1, 'demo', '${id}', 'ROTATED', now(), '{}', true);
       insert into webhooks.deliveries (event_id, webhook, project_id, state, created_at, waiting_since, due_at)
         select event_id, 'team', project_id, 'DEAD_LETTER', now(), now(), now()
           from webhooks.notices where event_id = '${eventId}'`,
      `delete from webhooks.notices where event_id = '${eventId}'`,
      async () => {
        const { wrong, exitCode, of } = await doctor();
        expect({ wrong, exitCode }).toEqual({ wrong: { webhooks: 'warning' }, exitCode: 3 });
        expect(of('webhooks').found).toContain('1 delivery given up, for team');
      },
    );
  });

  it('warns of an orphaned secret, and discards it with --repair', async () => {
    const [{ orphan }] = await sql(
      `update vault.secrets set sealed_at = now() - interval '1 hour' where state = 'pending' returning secret_id as orphan`,
    );
    const { wrong, exitCode, of } = await doctor();
    expect({ wrong, exitCode }).toEqual({ wrong: { 'pending secrets': 'warning' }, exitCode: 3 });
    expect(of('pending secrets').found).toContain(orphan);
    expect((await doctor('--repair')).of('pending secrets')).toMatchObject({
      status: 'ok',
      repaired: '1 pending secret discarded',
    });
    expect(await sql('select state from vault.secrets where secret_id = $1', [orphan])).toEqual([
      { state: 'destroyed' },
    ]);
    const [event] = await sql(`select type from log.events order by position desc limit 1`);
    expect(event).toEqual({ type: 'PendingSecretDiscarded' });
  });

  it('finds a pending secret that Purser has not sealed, and leaves it alone', async () => {
    const forged = randomUUID();
    await sql(
      `insert into vault.secrets select (jsonb_populate_record(s, jsonb_build_object('secret_id', $1::text,
         'state', 'pending', 'settled_at', null, 'sealed_at', now() - interval '1 hour'))).* from vault.secrets s
        where state = 'current'`,
      [forged],
    );
    const { wrong, of } = await doctor('--repair');
    expect(wrong).toEqual({ 'pending secrets': 'failed' });
    expect(of('pending secrets').found).toContain(`1 secret pending that Purser has not sealed: ${forged}`);
    expect(await sql('select state from vault.secrets where secret_id = $1', [forged])).toEqual([{ state: 'pending' }]);
    await sql('delete from vault.secrets where secret_id = $1', [forged]);
  });

  it('finds a log that is older than Postgres, which still starts, and says so', async () => {
    await sql(`grant delete on log.events to current_user;
      alter table log.events disable trigger append_only;
      delete from log.events where position > (select max(position) - 2 from log.events);
      update log.head set position = (select max(position) from log.events);
      alter table log.events enable always trigger append_only`);
    const { wrong, of } = await doctor('--repair');
    expect(wrong).toMatchObject({ 'vault and log': 'failed', 'read models': 'failed' });
    expect(of('vault and log').found).toContain('the log is older than Postgres');
    expect(of('read models').found).toBe('not checked, because of: vault and log');
    const states = await sql(`select state from vault.secrets where state in ('current', 'staged', 'retiring')`);
    expect(states).toEqual([{ state: 'current' }]);

    const service = await startService(readConfig(environment), SILENT_LINES);
    const before = await stored();
    try {
      const ready = await fetch(`${service.url}/readyz`);
      expect(ready.status).toBe(503);
      expect(await ready.text()).toContain('The read models are ahead of the event log');

      for (const [operation, variables] of [
        [ROTATE, { id, input: { password: canary('behind') } }],
        [ISSUE, { input: { image: 'ghcr.io/acme/app', pipeline: 'web' } }],
        // It would be recorded.
        [AUDIT, {}],
      ] as const) {
        const [error] = (await ask(service.url, operation, variables, token)).errors ?? [];
        expect(error?.extensions.code).toBe('UNAVAILABLE');
        expect(error?.message).toContain('purser rebuild');
      }
      const { data } = await ask(service.url, GET, { id }, token);
      expect(data.registry.credential.version).toBe(2);
      expect(await stored()).toEqual(before);
    } finally {
      await service.close();
    }
  });

  it('has nothing against writes once the read models are rebuilt from such a log', async () => {
    await run('rebuild', '--despite-signed-heads');
    const service = await startService(readConfig(environment), SILENT_LINES);
    try {
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
      const rotated = await ask(service.url, ROTATE, { id, input: { password: canary('rebuilt') } }, token);
      expect(rotated.errors).toBeUndefined();
      const { data } = await ask(service.url, GET, { id }, token);
      expect(data.registry.credential).toMatchObject({ version: 2, kind: 'PASSWORD', status: 'ACTIVE' });

      // That of the lost rotation, which has the same version, goes with it when its time is over.
      const states = () => sql('select state from vault.secrets where credential_version = 2');
      expect(await states()).toEqual([{ state: 'current' }, { state: 'current' }]);
      await ask(service.url, ROTATE, { id, input: { password: canary('rebuilt') } }, token);
      expect(await states()).toEqual([{ state: 'destroyed' }, { state: 'destroyed' }]);
    } finally {
      await service.close();
    }
  });
});
