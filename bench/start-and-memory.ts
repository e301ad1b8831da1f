import { setTimeout as delay } from 'node:timers/promises';
import { median, megabytes, whole } from './figures.ts';
import { ask, operation } from './graphql.ts';
import { residentBytes } from './machine.ts';
import { type PurserEnvironment, type PurserProcess, startPurser } from './purser-process.ts';
import { PROJECT } from './registries.ts';
import type { Row } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const STARTS = 5;
/** V8 returns memory after about 30 idle seconds. */
const IDLE_MS = 40_000;

const FIRST_QUERY = 'query ($projectId: ID!) { registries(projectId: $projectId, first: 20) { nodes { id url } } }';

/** The database must be initialised. */
export async function benchStart(environment: PurserEnvironment, issuer: TokenIssuer): Promise<Row[]> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const startedAt = performance.now();
    const purser = await startAndAsk(environment, issuer);
    times.push(performance.now() - startedAt);
    await purser.stop();
  }
  const time = median(times);
  return [
    {
      what: 'start to first answered query, database already initialised',
      measured: `${whole(time)} ms`,
      goal: '≤ 1,000 ms',
      met: time <= 1_000,
    },
  ];
}

export interface IdleService {
  /** Waits until the service has been idle long enough. */
  measure(): Promise<Row[]>;
  stop(): Promise<void>;
}

/** A service that answers once and then stays idle during other measurements. */
export async function startIdle(environment: PurserEnvironment, issuer: TokenIssuer): Promise<IdleService> {
  const purser = await startAndAsk(environment, issuer);
  const idleSince = performance.now();
  return {
    async measure() {
      await delay(Math.max(0, idleSince + IDLE_MS - performance.now()));
      return [memoryRow('idle', await residentBytes(purser.pid), 110)];
    },
    stop: () => purser.stop(),
  };
}

async function startAndAsk(environment: PurserEnvironment, issuer: TokenIssuer): Promise<PurserProcess> {
  const body = operation(FIRST_QUERY, { projectId: PROJECT });
  const token = await issuer.token(PROJECT);
  const purser = await startPurser(environment);
  await ask(purser.url, token, body);
  return purser;
}

/** `goal` in megabytes. */
export function memoryRow(when: string, bytes: number, goal: number): Row {
  return {
    what: `memory ${when}, without Postgres`,
    measured: megabytes(bytes),
    goal: `≤ ${goal} MB`,
    met: bytes <= goal * 1024 * 1024,
  };
}
