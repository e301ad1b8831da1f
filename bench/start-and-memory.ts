import { setTimeout as delay } from 'node:timers/promises';
import { median, megabytes, whole } from './figures.ts';
import { ask, operation } from './graphql.ts';
import { residentBytes } from './machine.ts';
import { type PurserEnvironment, startPurser } from './purser-process.ts';
import { PROJECT } from './registries.ts';
import type { Row } from './table.ts';
import type { TokenIssuer } from './tokens.ts';

const STARTS = 5;
/** After this long without a request the service counts as idle. */
const IDLE_MS = 3_000;

const FIRST_QUERY = 'query ($projectId: ID!) { registries(projectId: $projectId, first: 20) { nodes { id url } } }';

/** The database must be initialised. */
export async function benchStart(environment: PurserEnvironment, issuer: TokenIssuer): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const body = operation(FIRST_QUERY, { projectId: PROJECT });
  const times: number[] = [];
  const resident: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const startedAt = performance.now();
    const purser = await startPurser(environment);
    try {
      await ask(purser.url, token, body);
      times.push(performance.now() - startedAt);
      if (start >= STARTS - 2) {
        await delay(IDLE_MS);
        resident.push(await residentBytes(purser.pid));
      }
    } finally {
      await purser.stop();
    }
  }
  const time = median(times);
  return [
    {
      what: 'start to first answered query, database already initialised',
      measured: `${whole(time)} ms`,
      goal: '≤ 1,000 ms',
      met: time <= 1_000,
    },
    memoryRow('idle', Math.max(...resident), 110),
  ];
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
