import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { storeEnvironment } from '../support/event-store.ts';
import { leadingNode } from '../support/leading-node.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { numbered, rounds } from '../support/rounds.ts';
import { urlThrough } from '../support/store-url.ts';
import { findingsAtHome } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

const ROUNDS = numbered(rounds({ usual: 3, torture: 6 }));
const ANSWERS_A_ROUND = 20;
/** In each round, before the store is away for a moment. */
const CUTS = 5;

/** With the store of the run, or a protocol double. The service reaches it through a proxy, the test without. */
describe('a service whose connections to the event store break under load', () => {
  let double: ProtocolDouble | undefined;
  let proxy: CuttingProxy;
  let home: PurserHome;
  let ledger: Ledger;
  let client: Client;
  beforeAll(async () => {
    double = inject('eventStore') ? undefined : await startProtocolDouble();
    const url = inject('eventStore')?.url ?? double?.url() ?? '';
    proxy = await startCuttingProxy(await leadingNode(url));
    home = await createPurserHome({
      ...storeEnvironment(),
      CALLER_ISSUES_PER_MINUTE: '0',
      EVENT_STORE_URL: urlThrough(url, proxy.port),
    });
    await home.start();
    ledger = createLedger(home.issuer.issuerConfig.issuer);
    client = createClient(home);
    await client.settle(ledger.create());
  });
  afterAll(async () => {
    await home?.remove();
    await proxy?.close();
    await double?.close();
  });

  it.each(ROUNDS)('loses and doubles nothing, and goes on without a restart (round %i)', async () => {
    const before = proxy.cuts;
    const sentBefore = ledger.mutations.length;
    const load = startLoad(ledger, client);
    for (let cut = 0; cut < CUTS; cut += 1) {
      await load.reaches(ANSWERS_A_ROUND / CUTS);
      proxy.arm({ kind: 'answer', afterMs: Math.random() * 4 }, { kind: 'request', share: Math.random() });
    }
    await expect.poll(() => proxy.cuts).toBeGreaterThanOrEqual(before + CUTS);
    proxy.goDown();
    const unavailable = client.tally.get('UNAVAILABLE') ?? 0;
    await expect.poll(() => client.tally.get('UNAVAILABLE') ?? 0).toBeGreaterThan(unavailable);
    proxy.comeBack();
    await load.reaches(ANSWERS_A_ROUND);
    await load.stop();
    proxy.disarm();

    await Promise.all(ledger.mutations.map(client.settle));
    expect(await readBackFaults(client, ledger, ledger.mutations.slice(sentBefore))).toEqual([]);
    expect(await repeatFaults(client, ledger.mutations.slice(-30))).toEqual([]);
    expect(await findingsAtHome(home, ledger)).toEqual([]);
  });

  it('gives back everything in the end', async () => expect(await readBackFaults(client, ledger)).toEqual([]));

  it('answered nothing vaguer than UNAVAILABLE meanwhile', () => {
    const { ok = 0, UNAVAILABLE: _un, CREDENTIAL_UNAVAILABLE: _cred, ...others } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(ok).toBeGreaterThan(ROUNDS.length * ANSWERS_A_ROUND);
  });
});
