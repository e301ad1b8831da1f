import { beforeEach, describe, expect, it } from 'vitest';
import { createRefusedAttempts, type RefusedAttempts } from '../../../src/application/audit/refused-attempts.ts';
import { createEventWriter } from '../../../src/application/log/event-writer.ts';
import type { RequestContext } from '../../../src/application/request-context.ts';
import { auditFacts } from '../../../src/domain/audited-events.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import type { AccessDenied, AuthenticationRejected } from '../../../src/domain/events.ts';
import { initialRegistryState } from '../../../src/domain/evolve-registry.ts';
import { registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import { aCaller, PROJECT } from '../../support/use-cases.ts';

/** Without a verified token. */
const EXPIRED = { reason: 'expired' } as const;
const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const MALLORY = aCaller('mallory');
const DELETE = { projectId: PROJECT, action: 'DELETE_REGISTRY' };

let now: number;
let store: ReturnType<typeof createMemoryEventStore>;
let isLogDown: boolean;
/** The log takes what is appended, and the answer is lost. */
let losesAnswers: boolean;
let faults: unknown[];
let attempts: RefusedAttempts;

beforeEach(() => {
  now = NOON;
  store = createMemoryEventStore();
  isLogDown = false;
  losesAnswers = false;
  faults = [];
  const log = store.open();
  const writer = createEventWriter({
    authenticator: someAuthenticator(),
    log: {
      ...log,
      append: async (...args) => {
        if (isLogDown) throw new EventLogUnavailable('The event log did not answer.');
        const appended = await log.append(...args);
        if (losesAnswers) throw new EventLogUnavailable('The event log did not answer.');
        return appended;
      },
    },
    readYourWrites: { wrote: () => undefined },
    now: () => now,
  });
  attempts = createRefusedAttempts({
    writer,
    trust: { attempt: async () => undefined },
    plainHttpHosts: new Set(),
    now: () => now,
    onFault: (error) => faults.push(error),
  });
});

async function deny(times: number, change: Partial<typeof DELETE> = {}, caller = MALLORY): Promise<void> {
  for (let index = 0; index < times; index += 1) await attempts.recordDenied(caller, { ...DELETE, ...change });
}

/** The data of the events, with the project and the caller that they name. */
const denials = () =>
  store.events
    .filter(({ type }) => type === 'AccessDenied')
    .map(({ data, metadata, occurredAt }) => ({
      ...(data as AccessDenied['data']),
      projectId: metadata.projectId,
      actor: metadata.actor,
      ipAddress: metadata.ipAddress,
      tokenId: metadata.tokenId,
      occurredAt,
    }));
const counted = () => denials().filter(({ count }) => count > 1);

const from = (ipAddress: string): RequestContext => ({ ...MALLORY, ipAddress });
const withToken = (caller: RequestContext, tokenId: string): RequestContext => ({
  ...caller,
  principal: { ...caller.principal, tokenId },
});

describe('denied attempts of one minute', () => {
  it('are recorded one by one up to the twentieth, and then in one entry when the minute ends', async () => {
    await deny(20);
    expect(denials()).toHaveLength(20);
    now = NOON + 10_000;
    await deny(1);
    now = NOON + 59_000;
    await deny(79);
    expect(denials()).toHaveLength(20);
    await attempts.flush({ all: false });
    expect(denials()).toHaveLength(20);
    now = NOON + 60_000;
    await attempts.flush({ all: false });
    expect(denials().slice(20)).toEqual([
      expect.objectContaining({
        action: 'DELETE_REGISTRY',
        outcome: 'DENIED',
        code: 'FORBIDDEN',
        projectId: PROJECT,
        actor: 'mallory',
        ipAddress: '192.0.2.7',
        count: 80,
        occurredAt: '2026-03-01T12:00:10.000Z',
        until: '2026-03-01T12:00:59.000Z',
      }),
    ]);
    await attempts.flush({ all: true });
    expect(denials()).toHaveLength(21);
  });

  it('are recorded one by one for each subject, project, action and code', async () => {
    await deny(30);
    await deny(30, { projectId: 'other' });
    await deny(30, { action: 'ISSUE_CREDENTIAL' });
    await deny(30, {}, aCaller('eve'));
    for (let index = 0; index < 30; index += 1) await attempts.recordFailed(MALLORY, DELETE, 'NOT_FOUND');
    expect(denials()).toHaveLength(5 * 20);
    await attempts.flush({ all: true });
    expect(counted().map(({ count }) => count)).toEqual([10, 10, 10, 10, 10]);
  });

  it('begin anew in the next minute', async () => {
    await deny(25);
    now += 60_000;
    await deny(20);
    expect(denials()).toHaveLength(40);
  });

  it('are written by a shutdown before their minute ends', async () => {
    await deny(22);
    await attempts.flush({ all: true });
    expect(counted()).toMatchObject([{ count: 2 }]);
  });

  it('show in their count only what they have in common', async () => {
    await deny(20);
    const attempt = { ...DELETE, url: new Secret('https://A.example/'), pipeline: 'build', runId: '7', field: 'url' };
    await attempts.recordDenied(from('192.0.2.7'), attempt);
    await attempts.recordDenied(withToken(from('192.0.2.8'), 'another'), {
      ...attempt,
      url: new Secret('a.example'),
      pipeline: 'deploy',
      field: 'name',
    });
    await attempts.flush({ all: true });
    expect(counted()).toMatchObject([
      {
        url: 'a.example',
        registryId: registryId(PROJECT, 'a.example'),
        runId: '7',
        pipeline: null,
        field: null,
        ipAddress: null,
        tokenId: null,
        actor: 'mallory',
      },
    ]);
  });

  it('are counted as they are in the audit log', async () => {
    await deny(23);
    await attempts.flush({ all: true });
    const [event] = store.events.filter(({ data }) => (data as AccessDenied['data']).count > 1);
    const data = event?.data as AccessDenied['data'];
    expect(auditFacts({ type: 'AccessDenied', data }, initialRegistryState)).toMatchObject({
      outcome: 'DENIED',
      count: 3,
      until: '2026-03-01T12:00:00.000Z',
    });
  });

  it('are not lost if the log cannot be written when the minute ends', async () => {
    await deny(30);
    isLogDown = true;
    await attempts.flush({ all: true });
    expect(faults).toHaveLength(1);
    isLogDown = false;
    await attempts.flush({ all: false });
    expect(counted()).toMatchObject([{ count: 10 }]);
  });
});

describe('counts whose append had no answer', () => {
  it('are in the log once, however often they are written', async () => {
    await deny(30);
    attempts.countUnauthenticated('192.0.2.1', EXPIRED);
    losesAnswers = true;
    await attempts.flush({ all: true });
    await attempts.flush({ all: true });
    losesAnswers = false;
    await attempts.flush({ all: true });
    expect(faults).toHaveLength(2 * 2);
    expect(counted()).toMatchObject([{ count: 10 }]);
    expect(store.events.filter(({ type }) => type === 'AuthenticationRejected')).toHaveLength(1);
    await attempts.flush({ all: true });
    expect(store.events).toHaveLength(20 + 2);
  });
});

describe('someone who was denied too much', () => {
  it('with one token and many projects is told to wait, and leaves a bounded number of events', async () => {
    const codes = new Map<string, number>();
    for (let index = 0; index < 5_000; index += 1) {
      const answer = attempts.recordDenied(MALLORY, { ...DELETE, projectId: `project-${index}` });
      const code = await answer.then(
        () => 'FORBIDDEN',
        ({ code: refusal, details }) => `${refusal} ${details.retryAfter}`,
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(codes)).toEqual({ FORBIDDEN: 50, 'RATE_LIMITED 60': 4_950 });
    await attempts.flush({ all: true });
    expect(denials()).toHaveLength(50 + 1);
    expect(counted()).toMatchObject([{ count: 4_950, projectId: null, actor: 'mallory', action: 'OTHER_ATTEMPTS' }]);
  });

  it('is still recorded in the projects that were counted before, and after the minute in all', async () => {
    for (let index = 0; index < 50; index += 1) await deny(1, { projectId: `project-${index}` });
    await deny(1, { projectId: 'project-7' });
    await expect(deny(1, { projectId: 'victim' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(deny(1, { projectId: 'victim' }, aCaller('eve'))).resolves.toBeUndefined();
    now += 60_000;
    await deny(1, { projectId: 'victim' });
  });

  it('with many tokens shares one count in the project', async () => {
    for (let index = 0; index < 300; index += 1) await deny(1, {}, aCaller(`subject-${index}`));
    expect(denials()).toHaveLength(200);
    await attempts.flush({ all: true });
    expect(denials().slice(200)).toMatchObject([
      { projectId: PROJECT, action: 'OTHER_ATTEMPTS', code: 'FORBIDDEN', count: 100, actor: 'system:purser' },
    ]);
  });

  it('with many tokens and many projects fills neither memory nor log', async () => {
    for (let index = 0; index < 6_000; index += 1) {
      await deny(1, { projectId: `project-${index}` }, aCaller(`subject-${index}`));
    }
    await attempts.flush({ all: true });
    expect(denials()).toHaveLength(2_000 + 1_000 + 1);
    expect(denials().reduce((sum, { count }) => sum + count, 0)).toBe(6_000);
  });
});

describe('strangers from a public CI system', () => {
  it('leave a bounded number of events, with any number of subjects and projects', async () => {
    let refused = 0;
    for (let index = 0; index < 3_000; index += 1) {
      const caller = aCaller(`repo:stranger/x:ref:refs/heads/${index}`);
      const stranger = { ...caller, principal: { ...caller.principal, claims: {} } };
      await deny(1, { projectId: `project-${index}` }, stranger).catch(() => {
        refused += 1;
      });
    }
    expect(refused).toBe(2_950);
    expect(denials()).toHaveLength(50);
  });
});

describe('calls without a valid token', () => {
  const rejections = async () => {
    await attempts.flush({ all: true });
    return store.events
      .filter(({ type }) => type === 'AuthenticationRejected')
      .map(({ data }) => data as AuthenticationRejected['data']);
  };

  it('are counted by address, and by network once many addresses of it call', async () => {
    for (let host = 0; host < 256; host += 1) attempts.countUnauthenticated(`192.0.2.${host}`, EXPIRED);
    for (let host = 0; host < 1_000; host += 1)
      attempts.countUnauthenticated(`2001:db8::${host.toString(16)}`, EXPIRED);
    attempts.countUnauthenticated('198.51.100.1', EXPIRED);
    attempts.countUnauthenticated('198.51.100.1', EXPIRED);
    const counts = new Map((await rejections()).map(({ source, count }) => [source, count]));
    expect(counts.size).toBe(16 + 1 + 16 + 1 + 1);
    expect(counts.get('192.0.2.0')).toBe(1);
    expect(counts.get('192.0.2.0/24')).toBe(240);
    expect(counts.get('2001:db8:0:0::/64')).toBe(984);
    expect(counts.get('198.51.100.1')).toBe(2);
  });

  it('share one count once there are too many addresses and networks', async () => {
    for (let index = 0; index < 3_000; index += 1) {
      attempts.countUnauthenticated(`10.${Math.floor(index / 256)}.${index % 256}.1`, EXPIRED);
    }
    const counts = await rejections();
    expect(counts).toHaveLength(1_000 + 1_000 + 1);
    expect(counts.find(({ source }) => source === 'other')?.count).toBe(1_000);
  });

  it('are counted by reason', async () => {
    for (const reason of ['expired', 'missing', 'expired'] as const) {
      attempts.countUnauthenticated('192.0.2.1', { reason });
    }
    expect((await rejections()).map(({ reason, count }) => [reason, count])).toEqual([
      ['expired', 2],
      ['missing', 1],
    ]);
  });
});
