import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/postgres.ts';
import { buildPrevious, noPreviousBuild, type PreviousBuild } from '../support/previous-build.ts';
import { createPurserHome, PROGRAM, type PurserHome } from '../support/purser-process.ts';
import { differingTables, digestsOfReadModels } from '../support/read-models.ts';
import { titled } from '../support/required-tools.ts';
import { findingsAt, leaseCount } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';
import { projected } from './two-replicas.ts';

const SECONDS = 60;
const skipped = await noPreviousBuild();
const execute = promisify(execFile);

describe.skipIf(skipped)(titled('the build of the previous commit, with this one beside it', skipped), () => {
  let previous: PreviousBuild;
  let database: string;
  let old: PurserHome;
  let fresh: PurserHome;
  let ledger: Ledger;
  let throughOld: Client;
  let throughNew: Client;
  let environment: Readonly<Record<string, string>>;
  beforeAll(async () => {
    previous = await buildPrevious();
    database = await createEmptyDatabase();
    const common = { DATABASE_URL: database, CALLER_ISSUES_PER_MINUTE: '0' };
    old = await createPurserHome(common, { program: previous.program });
    await old.start();
    environment = {
      ...common,
      JWT_ISSUERS: old.issuer.jwtIssuers,
      MASTER_KEY_FILE: join(old.dataDir, 'master-key'),
    };
    fresh = await createPurserHome(environment);
    ledger = createLedger(old.issuer.issuerConfig.issuer);
    throughOld = createClient(old);
    throughNew = createClient({
      issuer: old.issuer,
      get url() {
        return fresh.url;
      },
      requireRunning: () => fresh.requireRunning(),
    });
    await throughOld.settle(ledger.create());
  }, 300_000);
  afterAll(async () => {
    await fresh?.remove();
    await old?.remove();
    await previous?.remove();
  });

  it(`serve under load for ${SECONDS} s, each leading in turn, and lose nothing`, async () => {
    const onOld = startLoad(ledger, throughOld);
    await onOld.reaches(50);
    // Upgrades the database under the old one, which leads.
    await fresh.start();
    const onNew = startLoad(ledger, throughNew);
    await delay((SECONDS / 3) * 1_000);
    // The new one leads from here on. The old one starts on the upgraded database.
    expect(await old.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await delay(5_000);
    await old.start();
    await delay((SECONDS / 3) * 1_000);
    expect(await fresh.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    await delay(5_000);
    await fresh.start();
    await delay((SECONDS / 3) * 1_000);
    await Promise.all([onOld.stop(), onNew.stop()]);
    await Promise.all(ledger.mutations.map(throughNew.settle));
    await projected(database);

    for (const client of [throughOld, throughNew]) expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await repeatFaults(throughNew, ledger.mutations.slice(-100))).toEqual([]);
    expect(await findingsAt(database, ledger)).toEqual([]);
  }, 300_000);

  it('gave certain answers, and were both at work', () => {
    expect(leaseCount(ledger)).toBeGreaterThan(SECONDS);
    for (const { tally } of [throughOld, throughNew]) {
      const {
        ok = 0,
        UNAVAILABLE: _unavailable,
        CREDENTIAL_UNAVAILABLE: _ended,
        lost: _lost,
        stopping: _,
        ...others
      } = Object.fromEntries(tally);
      expect(others).toEqual({});
      expect(ok).toBeGreaterThan(SECONDS * 2);
    }
  });

  it('left read models that equal a rebuild by the new one', async () => {
    await old.kill('SIGTERM');
    await projected(database);
    const before = await digestsOfReadModels(database);
    const options = { env: { PATH: process.env.PATH, PURSER_DATA_DIR: fresh.dataDir, ...environment } };
    await execute(process.execPath, [PROGRAM, 'rebuild'], options);
    expect(differingTables(before, await digestsOfReadModels(database))).toEqual([]);
  });
});
