import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET } from '../service/operations.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { findingsIn } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient } from './load.ts';
import { readBackFaults } from './read-back.ts';

/** A server that runs but does not answer, as with a lost network or a stuck disk. */
describe.skipIf(process.platform !== 'linux')('a Postgres that does not answer any more', () => {
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    home = await createPurserHome({ CALLER_ISSUES_PER_MINUTE: '0' });
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    for (const mutation of [ledger.create(), ledger.create()]) await client.settle(mutation);
  });
  let isFrozen = false;
  afterAll(async () => {
    if (isFrozen) await thaw();
    await home.remove();
  });

  /** Stopped first, the postmaster collects no child that ends meanwhile: each pid stays that child's. */
  async function freeze(): Promise<void> {
    const { postmaster } = await processes();
    process.kill(postmaster, 'SIGSTOP');
    isFrozen = true;
    for (const child of (await processes()).children) process.kill(child, 'SIGSTOP');
  }

  async function thaw(): Promise<void> {
    const { postmaster, children } = await processes();
    for (const pid of [...children, postmaster]) process.kill(pid, 'SIGCONT');
    isFrozen = false;
  }

  async function processes(): Promise<{ readonly postmaster: number; readonly children: readonly number[] }> {
    const postmaster = Number.parseInt(await readFile(`${home.dataDir}/postgres/postmaster.pid`, 'utf8'), 10);
    const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
    return { postmaster, children: children.trim().split(' ').map(Number) };
  }

  it('makes every caller get UNAVAILABLE in time, and is used again as soon as it answers', async () => {
    const [first, second] = ledger.registries;
    if (!first || !second) throw new Error('there are no registries');
    await freeze();
    const sent = [ledger.create(), ledger.rotate(first), ledger.rotate(second), ledger.issue(first)];
    const [read] = await Promise.all([
      client.graphql(GET, { projectId: first.projectId, id: first.id }),
      ...sent.map(client.send),
    ]);
    expect(read.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
    expect(client.tally.get('UNAVAILABLE')).toBe(sent.length);
    expect((await fetch(`${home.url}/readyz`)).status).toBe(503);

    await thaw();
    await Promise.all(sent.map(client.settle));
    expect(client.tally.get('hung')).toBeUndefined();
    expect(await readBackFaults(client, ledger)).toEqual([]);
    expect(await home.withDatabase((database) => findingsIn(database, ledger))).toEqual([]);
    expect((await fetch(`${home.url}/readyz`)).status).toBe(200);
  });
});
