import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Application } from '../../src/application/create-application.ts';
import { OPERATION_MS, startOperationTime } from '../../src/application/operation-time.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { aCaller, command, createWorld, PROJECT } from '../support/use-cases.ts';

/** An operation has 10 s, and 2 s to record that it failed. The rest is how coarse this test's time is. */
const ANSWERED_MS = 12_500;
const READ_MS = 5_000;
const APPEND_MS = 10_000;
const STEP_MS = 50;

const password = new Secret('of the registry');
const ID = registryId(PROJECT, 'registry.example');
const timed = () => ({ ...aCaller(), time: startOperationTime() });

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** How a store behaves at its n-th call from the start of the trouble. */
type Trouble = (call: number) => 'answers' | 'answers late' | 'hangs';
const TROUBLES: readonly (readonly [string, Trouble])[] = [
  ['hangs', () => 'hangs'],
  ['hangs from the second call on', (call) => (call > 1 ? 'hangs' : 'answers')],
  ['hangs from the third call on', (call) => (call > 2 ? 'hangs' : 'answers')],
  ['hangs from the fourth call on', (call) => (call > 3 ? 'hangs' : 'answers')],
  ['answers each call just in time', () => 'answers late'],
  ['hangs, comes back and hangs again', (call) => (call % 3 === 0 ? 'hangs' : 'answers late')],
];

interface TroubledLog {
  readonly between: (log: EventLog) => EventLog;
  begin(trouble: Trouble): void;
  /** When appends were sent, that somebody still waited for or not. */
  readonly sentLate: string[];
}

/** Each call has the limit of its adapter, and no call knows how long others took. */
function troubledLog(): TroubledLog {
  let trouble: Trouble = () => 'answers';
  let calls = 0;
  const sentLate: string[] = [];

  async function called<Result>(limitMs: number, call: () => Promise<Result>): Promise<Result> {
    calls += 1;
    const what = trouble(calls);
    if (what === 'answers') return call();
    await new Promise((resolve) => setTimeout(resolve, what === 'hangs' ? limitMs : limitMs * 0.9));
    if (what === 'hangs') throw new EventLogUnavailable('The event store did not answer in time.');
    return call();
  }

  return {
    sentLate,
    begin(next) {
      trouble = next;
      calls = 0;
    },
    between: (log) => ({
      ...log,
      readStream: (stream, options) => called(READ_MS, () => log.readStream(stream, options)),
      head: () => called(READ_MS, () => log.head()),
      append(stream, expected, events, options) {
        const until = options?.until ?? Number.POSITIVE_INFINITY;
        if (performance.now() >= until) sentLate.push(stream);
        return called(Math.min(APPEND_MS, until - performance.now()), () => log.append(stream, expected, events));
      },
    }),
  };
}

/** Lets time pass until all are answered. @returns how long each took, in milliseconds */
async function answerTimes(operations: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const startedAt = performance.now();
  let left = operations.length;
  const times = operations.map((operation) =>
    operation()
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'UNAVAILABLE' }))
      .then(() => {
        left -= 1;
        return performance.now() - startedAt;
      }),
  );
  while (left > 0) {
    for (let hop = 0; hop < 20; hop += 1) await turn();
    await vi.advanceTimersByTimeAsync(STEP_MS);
  }
  return Promise.all(times);
}

async function withTroubledRegistry() {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  const { lease } = await world.application.issueCredential(aCaller(), PROJECT, command.issue());
  const log = troubledLog();
  return { application: world.replica(log.between), leaseId: lease.id, log };
}

const key = { idempotencyKey: 'of this request' };
const create = (application: Application) => () =>
  application.createRegistry(timed(), PROJECT, command.create({ password, url: 'new.example', ...key }));
const rotate = (application: Application) => () =>
  application.rotateCredential(timed(), PROJECT, ID, command.rotate({ password }));
const issue = (application: Application) => () =>
  application.issueCredential(timed(), PROJECT, command.issue({ ...key, runId: '1742' }));

describe.each(TROUBLES)('with an event store that %s, each caller is answered in time', (_, trouble) => {
  it.each([
    ['creates a registry under a key', create],
    ['rotates', rotate],
    ['is issued a credential under a key, for a run', issue],
    [
      'is issued several credentials',
      (application: Application) => () =>
        application.issueCredentials(timed(), PROJECT, [command.issue(), command.issue({ runId: '7' })]),
    ],
  ] as const)('who %s', async (_what, operation) => {
    const { application, log } = await withTroubledRegistry();
    log.begin(trouble);
    const [answered] = await answerTimes([operation(application)]);
    expect(answered).toBeLessThan(ANSWERED_MS);
  });

  it('who releases a lease', async () => {
    const { application, leaseId, log } = await withTroubledRegistry();
    log.begin(trouble);
    const [answered] = await answerTimes([() => application.releaseLease(timed(), PROJECT, leaseId)]);
    expect(answered).toBeLessThan(ANSWERED_MS);
  });

  it('who waits for others to change the same registry, and nothing is sent for callers that were answered', async () => {
    const { application, log } = await withTroubledRegistry();
    log.begin(trouble);
    const times = await answerTimes(Array.from({ length: 6 }, () => rotate(application)));
    expect(Math.max(...times)).toBeLessThan(ANSWERED_MS);
    // What still runs comes to its end.
    for (let passed = 0; passed < 60_000; passed += APPEND_MS) {
      await vi.advanceTimersByTimeAsync(APPEND_MS);
      await turn();
    }
    expect(log.sentLate).toEqual([]);
  });
});

it('a log is told with each append of an operation, and of no chore, until when somebody waits for it', async () => {
  const world = createWorld();
  const untils: (number | undefined)[] = [];
  const application = world.replica((log) => ({
    ...log,
    append(stream, expected, events, options) {
      untils.push(options?.until);
      return log.append(stream, expected, events, options);
    },
  }));
  const caller = timed();
  const end = performance.now() + OPERATION_MS;
  await application.createRegistry(caller, PROJECT, command.create({ password, ...key }));
  expect(untils).toEqual([end, end]);
  await application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password }));
  expect(untils).toEqual([end, end, undefined]);
});
