import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { PurserHome } from '../support/purser-process.ts';
import { within } from '../support/within.ts';
import { findingsAt, findingsAtHome } from './findings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Client, createClient, startLoad } from './load.ts';
import { readBackFaults, repeatFaults } from './read-back.ts';

/** At most, before Postgres is killed. */
const ANSWERS_BEFORE_KILL = 80;
/** At most, before the service is killed: each round has a new one. */
const ANSWERS_OF_A_SERVICE = 40;
/** Before a stop or a restart. */
const ANSWERS_BEFORE_STOP = 40;
const STOPPED_WITHIN_MS = 20_000;
const ANSWERS_WITHIN_MS = 5_000;
/** How many of a round's mutations are sent again after it. */
const REPEATED = 40;

/** A running service, and everything that its clients were told. */
export interface Crashing {
  readonly home: PurserHome;
  readonly ledger: Ledger;
  readonly client: Client;
}

/** Starts the service and creates a first registry. */
export async function startCrashing(home: PurserHome): Promise<Crashing> {
  await home.start();
  const ledger = createLedger(home.issuer.issuerConfig.issuer);
  const client = createClient(home);
  await client.settle(ledger.create());
  return { home, ledger, client };
}

// Each round gives what it found wrong. The tests expect nothing; their negative controls expect the fault that they planted.
// A round reads back what it wrote, and compares all tables with all answers. The tests read back everything at the end: in
// each round it would take longer than in the one before.

/** The service is killed under load and started again. */
export async function killService({ home, ledger, client }: Crashing): Promise<string[]> {
  const before = ledger.mutations.length;
  const load = startLoad(ledger, client);
  await load.reaches(ANSWERS_OF_A_SERVICE * Math.random());
  await home.kill('SIGKILL');
  await load.stop();
  const sent = ledger.mutations.slice(before);
  const acknowledged = sent.filter(({ outcome }) => outcome.kind === 'acknowledged').slice(-20);
  const unresolved = unresolvedIn(ledger);
  const faults = (await home.isPostgresRunning()) ? [] : ['its Postgres ended with it'];

  await home.start();
  faults.push(...(await readBackFaults(client, ledger, sent)));
  await Promise.all(unresolved.map(client.settle));
  faults.push(...(await readBackFaults(client, ledger, unresolved)));
  faults.push(...(await repeatFaults(client, [...acknowledged, ...unresolved])));
  return [...faults, ...(await findingsAtHome(home, ledger))];
}

/** Its own Postgres is killed under load, and comes back under the service. */
export async function killPostgres({ home, ledger, client }: Crashing): Promise<string[]> {
  const before = ledger.mutations.length;
  const load = startLoad(ledger, client);
  await load.reaches(ANSWERS_BEFORE_KILL * Math.random());
  await home.killPostgres();
  // The clients go on: they repeat unanswered requests until they get an answer.
  await client.settle(ledger.create());
  await load.stop();
  return [...(await faultsAfter({ ledger, client }, before)), ...(await findingsAtHome(home, ledger))];
}

/** The operator's Postgres is killed under load, and started again. */
export async function killServer({ ledger, client }: Crashing, server: PostgresServer): Promise<string[]> {
  const load = startLoad(ledger, client);
  await load.reaches(ANSWERS_BEFORE_KILL);
  await server.kill();
  await load.stop();
  await server.start();
  // By its answer the service is connected again.
  await client.settle(ledger.create());
  return findingsAt(server.connectionString, ledger);
}

/** The operator restarts Postgres under load. */
export async function restartPostgres({ ledger, client }: Crashing, server: PostgresServer): Promise<string[]> {
  const before = ledger.mutations.length;
  const load = startLoad(ledger, client);
  await load.reaches(ANSWERS_BEFORE_STOP * Math.random());
  await server.restart();
  const created = ledger.create();
  const deadline = performance.now() + ANSWERS_WITHIN_MS;
  while (created.outcome.kind === 'unknown' && performance.now() < deadline) {
    await client.send(created);
    await delay(10);
  }
  const isLate = performance.now() > deadline;
  await load.stop();
  if (isLate) return [`no answer within ${ANSWERS_WITHIN_MS} ms of the restart`];
  return [...(await faultsAfter({ ledger, client }, before)), ...(await findingsAt(server.connectionString, ledger))];
}

/** The service gets SIGTERM under load, and is started again. */
export async function stopService({ home, ledger, client }: Crashing): Promise<string[]> {
  const before = ledger.mutations.length;
  const load = startLoad(ledger, client);
  await load.reaches(ANSWERS_BEFORE_STOP);
  const exit = await within(STOPPED_WITHIN_MS, home.kill('SIGTERM'));
  await load.stop();
  const faults: string[] = [];
  if (exit.code !== 0) faults.push(`it ended with ${exit.code ?? exit.signal}`);
  if (await home.isPostgresRunning()) faults.push('its Postgres was left running');
  const sent = ledger.mutations.slice(before);

  await home.start();
  faults.push(...(await readBackFaults(client, ledger, sent)));
  const unresolved = unresolvedIn(ledger);
  await Promise.all(unresolved.map(client.settle));
  faults.push(...(await readBackFaults(client, ledger, unresolved)));
  faults.push(...(await repeatFaults(client, sent.slice(-REPEATED))));
  return [...faults, ...(await findingsAtHome(home, ledger))];
}

async function faultsAfter({ ledger, client }: Omit<Crashing, 'home'>, before: number): Promise<string[]> {
  await Promise.all(unresolvedIn(ledger).map(client.settle));
  const sent = ledger.mutations.slice(before);
  return [...(await readBackFaults(client, ledger, sent)), ...(await repeatFaults(client, sent.slice(-REPEATED)))];
}

function unresolvedIn(ledger: Ledger) {
  return ledger.mutations.filter(({ outcome }) => outcome.kind === 'unknown');
}
