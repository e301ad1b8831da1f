import { afterAll, beforeAll, expect, it } from 'vitest';
import { BEGINNING } from '../../src/application/ports/event-log.ts';
import { eventsAfter } from '../contract/event-log-store.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;
const LIST = '{ registries(projectId: "demo") { totalCount } }';
const ATTEMPTS = 35;
const BAD_TOKENS = 4;
/** How much of a minute is left when the attempts begin, so that none of them is in the next one. */
const ENOUGH_OF_MINUTE_MS = 8_000;
/** How long after the end of its minute a count may be missing. */
const WRITTEN_WITHIN_MS = 15_000;

/** Milliseconds by which the service's clock is ahead: it starts 20 seconds before a minute ends. */
const AHEAD_MS = (100_000 - (Date.now() % MINUTE_MS)) % MINUTE_MS;
const leftOfMinute = () => MINUTE_MS - ((Date.now() + AHEAD_MS) % MINUTE_MS);

let home: PurserHome;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  const clock = `const now = Date.now; Date.now = () => now() + ${AHEAD_MS}`;
  home = await createPurserHome({
    DATABASE_URL: connectionString,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}`,
  });
  await home.start();
});
afterAll(() => home?.remove());

/** What the log has of attempts that were denied, and of tokens that were refused. */
async function recorded(): Promise<{ denials: number; denied: number; refused: number }> {
  const events = await home.withEvents((log) => eventsAfter(log, BEGINNING));
  const counts = (type: string) =>
    events.filter((event) => event.type === type).map(({ json }): number => JSON.parse(json).count);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, count) => total + count, 0);
  return {
    denials: counts('AccessDenied').length,
    denied: sum(counts('AccessDenied')),
    refused: sum(counts('AuthenticationRejected')),
  };
}

it('a service that is killed after the end of a minute has lost none of its counts', async () => {
  await until(async () => leftOfMinute() > ENOUGH_OF_MINUTE_MS);
  const minuteEnds = performance.now() + leftOfMinute();
  const mallory = home.issuer.token({ subject: 'mallory', projects: {} });
  for (let index = 0; index < ATTEMPTS; index += 1) await ask(home.url, LIST, {}, mallory);
  for (let index = 0; index < BAD_TOKENS; index += 1) await ask(home.url, LIST, {}, 'nonsense');
  expect(performance.now()).toBeLessThan(minuteEnds);
  expect(await recorded()).toEqual({ denials: 20, denied: 20, refused: 0 });

  await expect
    .poll(recorded, { timeout: minuteEnds + WRITTEN_WITHIN_MS - performance.now(), interval: 50 })
    .toEqual({ denials: 21, denied: ATTEMPTS, refused: BAD_TOKENS });
  await home.kill('SIGKILL');
  await home.start();
  expect(await recorded()).toEqual({ denials: 21, denied: ATTEMPTS, refused: BAD_TOKENS });
});
