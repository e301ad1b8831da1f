import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { differingTables, digestsOfReadModels } from '../support/read-models.ts';
import { rounds } from '../support/rounds.ts';
import { leaseCount } from './findings.ts';
import { PROJECTS } from './ledger.ts';
import { startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';
import { startTroubledReplicas, type TroubledReplicas } from './troubled-replicas.ts';

/** With both stores at the same time. A cycle takes some 12 s, and the last one is not cut off. */
const LOAD_MS = rounds({ usual: 1, torture: 300_000 });
/** On a slow machine too: each replica is killed and frozen five times. */
const FEWEST_CYCLES = rounds({ usual: 1, torture: 15 });
/** A writer's, at most, after a mutation: six replicas and their stores share the machine for minutes. */
const PAUSE_MS = rounds({ usual: 0, torture: 100 });

const STORES = ['Postgres', 'the protocol double'] as const;
type Store = (typeof STORES)[number];
/** Undefined until they are started. */
const started = new Map<Store, TroubledReplicas>();
const cycles = new Map<Store, number>();

function replicasOf(store: Store): TroubledReplicas {
  const found = started.get(store);
  if (!found) throw new Error(`the replicas with their events in ${store} were not started`);
  return found;
}

for (const store of STORES) {
  beforeAll(async () => {
    started.set(store, await startTroubledReplicas(store === 'Postgres' ? undefined : 'three'));
  });
}
afterAll(async () => {
  for (const each of started.values()) await each.stop();
});

async function work(store: Store): Promise<void> {
  const { ledger, client, trouble } = replicasOf(store);
  const load = startLoad(ledger, client, { pauseMs: PAUSE_MS });
  const until = performance.now() + LOAD_MS;
  let cycle = 0;
  for (; performance.now() < until || cycle < FEWEST_CYCLES; cycle += 1) await trouble(cycle);
  cycles.set(store, cycle);
  await load.stop();
  const unresolved = ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
  await Promise.all(unresolved.map(client.settle));
}

it(
  'three replicas answer everything in the end, while one is killed, one frozen and Postgres restarted, again and again',
  async () => {
    await Promise.all(STORES.map(work));
  },
  rounds({ usual: 120_000, torture: 900_000 }),
);

describe.each(STORES)('three replicas behind nothing but their ports, with the events in %s', (store) => {
  const fewest = (each: number) => (cycles.get(store) ?? Number.POSITIVE_INFINITY) * each;

  it('have lost nothing and doubled nothing', async () => {
    const { ledger, patient, projected, findings } = replicasOf(store);
    expect(ledger.mutations.length).toBeGreaterThan(fewest(50));
    expect(leaseCount(ledger)).toBeGreaterThan(fewest(10));
    await projected();
    expect(await findings()).toEqual([]);
    expect(await readBackFaults(patient, ledger)).toEqual([]);
    expect(await repeatFaults(patient, ledger.mutations.slice(-40))).toEqual([]);
  });

  it('tell each subscriber each notice once, in order, wherever it reconnects', async () => {
    const { followers, allNotices } = replicasOf(store);
    for (const [index, each] of followers.entries()) {
      const all = await allNotices(PROJECTS[index % PROJECTS.length] ?? '');
      await expect.poll(() => each.cursors.length).toBeGreaterThanOrEqual(all.length);
      expect(each.cursors).toEqual(all);
      expect(all.length).toBeGreaterThan(fewest(5));
    }
    expect(followers.some(({ connections }) => connections > 1)).toBe(true);
  });

  it('have read models that are those of a rebuild, and start again without a word', async () => {
    const { replicas, followers, environment, connectionString, projected } = replicasOf(store);
    for (const each of followers) await each.stop();
    await projected();
    const { checkpoint: _before, ...before } = await digestsOfReadModels(connectionString);
    const [first] = replicas;
    for (const replica of replicas) await replica.kill('SIGTERM');
    const settings = { ...environment, PURSER_DATA_DIR: first?.dataDir ?? '', LOG_LEVEL: 'error' };
    const said: string[] = [];
    const output = { write: (text: string) => said.push(text) };
    expect(await runProgram(['rebuild'], settings, { stdout: output, stderr: output })).toBe(0);
    const { checkpoint: _after, ...after } = await digestsOfReadModels(connectionString);
    expect(differingTables(before, after)).toEqual([]);
    for (const replica of replicas) await replica.start();
  });

  it('answered nothing vaguer than UNAVAILABLE meanwhile, and logged no unexpected fault', async () => {
    const { client, replicas } = replicasOf(store);
    const {
      ok = 0,
      UNAVAILABLE: _un,
      CREDENTIAL_UNAVAILABLE: _cred,
      lost: _lost,
      hung: _hung,
      stopping: _stop,
      ...others
    } = Object.fromEntries(client.tally);
    expect(others).toEqual({});
    expect(ok).toBeGreaterThan(fewest(50));
    for (const replica of replicas) {
      const messages = (await replica.log()).map(({ msg }) => msg);
      expect(messages).not.toContain('an operation failed unexpectedly');
    }
  });
});
