import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExportedEntry, firstBreak, hashedText } from '../support/audit-verifier.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { AUDIT, CREATE, DELETE, ISSUE, LIST, RELEASE, ROTATE, UPDATE } from './operations.ts';

type Entry = ExportedEntry & { readonly cursor: string };

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

async function entries(variables: Record<string, unknown> = {}): Promise<Entry[]> {
  const { data, errors } = await purser.graphql(AUDIT, { first: 100, ...variables });
  expect(errors).toBeUndefined();
  return data.auditLog.nodes;
}

describe('the audit log', () => {
  it('tells of every event, and of every attempt that was denied or failed', async () => {
    const password = canary('audited');
    const created = await purser.graphql(CREATE, { input: { url: 'audit.example', username: 'ada', password } });
    const { id } = created.data.createRegistry.registry;
    await purser.graphql(UPDATE, { id, input: { name: 'Ours', expiresAt: '2040-01-01T00:00:00Z' } });
    await purser.graphql(ROTATE, { id, input: { password: canary('audited'), username: 'grace' } });
    const ask = { image: 'audit.example/app', pipeline: 'web/deploy', runId: '42' };
    const issued = await purser.graphql(ISSUE, { input: ask });
    const leaseId = issued.data.issueCredential.lease.id;
    await purser.graphql(RELEASE, { leaseId });
    await purser.graphql(ISSUE, { input: { image: 'unknown.example/app', pipeline: 'web/deploy', runId: 'run-1' } });
    await purser.graphql(CREATE, {
      input: { url: `https://ada:${password}@audit.example`, username: 'ada', password },
    });
    const reader = purser.token({
      subject: 'bob',
      projects: { demo: ['iam:project:cicd:registry:read'] },
      claims: { jti: "bob's token" },
    });
    await purser.graphql(DELETE, { id }, reader);
    await purser.graphql(AUDIT, {}, reader);
    await purser.graphql(DELETE, { id });

    const log = await entries();
    expect(log.map(({ action, outcome, code, actor }) => [action, outcome, code, actor])).toEqual([
      ['DELETE_REGISTRY', 'SUCCEEDED', null, 'alice'],
      ['READ_AUDIT_LOG', 'DENIED', 'FORBIDDEN', 'bob'],
      ['DELETE_REGISTRY', 'DENIED', 'FORBIDDEN', 'bob'],
      ['CREATE_REGISTRY', 'FAILED', 'BAD_USER_INPUT', 'alice'],
      ['ISSUE_CREDENTIAL', 'FAILED', 'NOT_FOUND', 'alice'],
      ['RELEASE_LEASE', 'SUCCEEDED', null, 'alice'],
      ['ISSUE_CREDENTIAL', 'SUCCEEDED', null, 'alice'],
      ['ROTATE_CREDENTIAL', 'SUCCEEDED', null, 'alice'],
      ['UPDATE_REGISTRY', 'SUCCEEDED', null, 'alice'],
      ['CREATE_REGISTRY', 'SUCCEEDED', null, 'alice'],
    ]);
    expect(log.map(({ tokenId }) => tokenId)).toEqual([
      null,
      "bob's token",
      "bob's token",
      ...Array.from({ length: 7 }, () => null),
    ]);
    expect(log.map(({ sequence }) => sequence)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(log[7]?.changes).toEqual([
      { field: 'username', from: 'ada', to: 'grace' },
      { field: 'password', from: 'version 1', to: 'version 2' },
      { field: 'expiresAt', from: '2040-01-01T00:00:00.000Z', to: null },
    ]);
    for (const entry of log) {
      expect(entry).toMatchObject({
        ipAddress: '127.0.0.1',
        userAgent: 'node',
        issuer: expect.stringContaining('issuer-'),
      });
      expect(entry.requestId).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(log[6]).toMatchObject({ registryId: id, url: 'audit.example', leaseId, ...ask });
    expect(log[5]).toMatchObject({ leaseId, pipeline: 'web/deploy', runId: '42', image: null });
    // What was typed as a URL may hold a password: it is not recorded.
    expect(log[3]).toMatchObject({ url: null, field: 'url' });
    expect(log[4]).toMatchObject({
      url: 'unknown.example',
      image: 'unknown.example/app',
      pipeline: 'web/deploy',
      runId: 'run-1',
    });
    expect(log[2]).toMatchObject({ registryId: id });
    expect(JSON.stringify(log)).not.toContain(password);
  });

  it('is a chain that a verifier computes again from the page about its format', async () => {
    const log = (await entries()).toReversed();
    expect(log.length).toBeGreaterThanOrEqual(10);
    expect(firstBreak('demo', log)).toBeUndefined();
  });

  it.each([3, 7])('shows that verifier where entry %i was changed, removed or swapped', async (sequence) => {
    const log = (await entries()).toReversed();
    const [entry, next] = log.slice(sequence - 1, sequence + 1);
    if (!entry || !next) throw new Error('the log is too short');
    const put = (at: number, ...replaced: typeof log) => log.toSpliced(at - 1, replaced.length, ...replaced);
    expect(firstBreak('demo', put(sequence, { ...entry, actor: 'mallory' }))).toBe(sequence);
    // Whoever also computes that entry's hash again gets as far as the next one.
    const hash = createHash('sha256')
      .update(`${log[sequence - 2]?.hash}\n${hashedText({ ...entry, actor: 'mallory' })}`)
      .digest('hex');
    expect(firstBreak('demo', put(sequence, { ...entry, actor: 'mallory', hash }))).toBe(sequence + 1);
    expect(firstBreak('demo', log.toSpliced(sequence - 1, 1))).toBe(sequence);
    const renumbered = log.toSpliced(sequence - 1, 1).map((each, index) => ({ ...each, sequence: index + 1 }));
    expect(firstBreak('demo', renumbered)).toBe(sequence);
    expect(firstBreak('demo', put(sequence, next, entry))).toBe(sequence);
    const swapped = put(sequence, { ...next, sequence }, { ...entry, sequence: sequence + 1 });
    expect(firstBreak('demo', swapped)).toBe(sequence);
  });

  it('is filtered and paged, newest first', async () => {
    // Reading adds entries: the tests before have read.
    const firstRead = (await entries({ filter: { action: 'READ_AUDIT_LOG', outcome: 'SUCCEEDED' } })).at(-1);
    expect(firstRead).toMatchObject({ sequence: 11, actor: 'alice', count: 1, code: null });
    const written = { to: firstRead?.occurredAt };
    const all = await entries({ filter: written });
    expect(all).toHaveLength(10);
    const only = async (filter: object) => (await entries({ filter })).map(({ sequence }) => sequence);
    expect(await only({ actor: 'bob' })).toEqual([9, 8]);
    expect(await only({ action: 'ISSUE_CREDENTIAL' })).toEqual([6, 4]);
    expect(await only({ outcome: 'FAILED' })).toEqual([7, 6]);
    expect(await only({ search: 'WEB/DEPLOY' })).toEqual([6, 5, 4]);
    expect(await only({ search: 'unknown.example' })).toEqual([6]);
    expect(await only({ code: 'FORBIDDEN' })).toEqual([9, 8]);
    expect(await only({ pipeline: 'web/deploy', runId: '42' })).toEqual([5, 4]);
    expect(await only({ leaseId: all.find(({ leaseId }) => leaseId !== null)?.leaseId })).toEqual([5, 4]);
    expect(await only({ requestId: all.find(({ sequence }) => sequence === 4)?.requestId })).toEqual([4]);
    expect(await only({ registryId: all[6]?.registryId })).toContain(4);
    expect(await only({ from: all[2]?.occurredAt, to: all[0]?.occurredAt })).not.toContain(10);
    const paged: number[] = [];
    for (let after: string | null = null; ; ) {
      const { data } = await purser.graphql(AUDIT, { first: 3, after, filter: written });
      paged.push(...data.auditLog.nodes.map(({ sequence }: Entry) => sequence));
      expect(data.auditLog.totalCount).toBe(10);
      if (!data.auditLog.pageInfo.hasNextPage) break;
      after = data.auditLog.pageInfo.endCursor;
    }
    expect(paged).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it.each([
    ['action', 'CREATE_REGISTY', /^There is no such action .*`CREATE_REGISTRY`.*docs\/audit-actions\.md/],
    ['action', 'x'.repeat(10_000), /^There is no such action in audit logs\. All are listed/],
    ['code', 'NOT_A_CODE', /docs\/errors\.md/],
  ])('refuses a filter by an unknown %s, and says which there are', async (name, value, message) => {
    const { errors } = await purser.graphql(AUDIT, { filter: { [name]: value } });
    expect(errors).toMatchObject([
      { message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT', field: `filter.${name}` } },
    ]);
    expect(errors?.[0]?.message).not.toContain(value);
  });

  it('is listed by several actions, and refuses none, too many and unknown ones', async () => {
    const all = await entries();
    const actions = ['UPDATE_REGISTRY', 'CREATE_REGISTRY'];
    const expected = all.filter(({ action }) => actions.includes(action)).map(({ sequence }) => sequence);
    expect(expected.length).toBeGreaterThan(0);
    const { data } = await purser.graphql(AUDIT, { first: 100, filter: { actions } });
    expect(data.auditLog.nodes.map(({ sequence }: Entry) => sequence)).toEqual(expected);
    for (const [refused, message] of [
      [[], /^Name from 1 to 32 actions/],
      [Array(33).fill('CREATE_REGISTRY'), /^Name from 1 to 32 actions/],
      [['READ_LEASES', 'CREATE_REGISTY'], /^There is no such action .*`CREATE_REGISTRY`/],
    ] as const) {
      const { errors } = await purser.graphql(AUDIT, { filter: { actions: refused } });
      expect(errors).toMatchObject([
        { message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT', field: 'filter.actions' } },
      ]);
    }
  });

  it('is counted by time and outcome', async () => {
    const query = `query ($filter: AuditFilter) { auditHistogram(projectId: "demo", bucket: DAY, filter: $filter) { start succeeded denied failed } }`;
    const { data, errors } = await purser.graphql(query, { filter: { search: 'web/deploy' } });
    expect(errors).toBeUndefined();
    expect(data.auditHistogram).toHaveLength(30);
    const sum = (outcome: string) =>
      data.auditHistogram.reduce((total: number, bucket: Record<string, number>) => total + (bucket[outcome] ?? 0), 0);
    expect([sum('succeeded'), sum('denied'), sum('failed')]).toEqual([2, 0, 1]);
    const tooMany = await purser.graphql(query, { filter: { from: '2020-01-01T00:00:00Z' } });
    expect(tooMany.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'filter.from' } }]);
  });

  it('has an entry also of attempts whose texts are made to be unwritable', async () => {
    const reader = purser.token({ subject: 'mallory', projects: { demo: ['iam:project:cicd:registry:read'] } });
    for (const pipeline of ['😀'.repeat(200), 'a\u202eb\u0001c']) {
      const input = { image: 'x.example/app', pipeline };
      expect((await purser.graphql(ISSUE, { input }, reader)).errors).toMatchObject([
        { extensions: { code: 'FORBIDDEN' } },
      ]);
    }
    const [escaped, long] = await entries({ filter: { actor: 'mallory' } });
    expect(escaped?.pipeline).toBe('a\\u202eb\\u0001c');
    expect(long?.pipeline).toBe('😀'.repeat(200));
  });

  it('shows no project the entries of another', async () => {
    const [newest] = await entries({ first: 1 });
    const token = purser.token({ projects: { other: Object.values(ALL) } });
    expect((await purser.graphql(AUDIT, { projectId: 'other' }, token)).data.auditLog.nodes).toEqual([]);
    await purser.graphql(LIST, { projectId: 'demo' }, token);
    const [denied] = await entries({ first: 1, filter: { outcome: 'DENIED' } });
    expect(denied).toMatchObject({ action: 'READ_REGISTRIES' });
    const between = await entries({ filter: { from: newest?.occurredAt, to: denied?.occurredAt } });
    // Nothing but this test's own reads came between.
    expect(between.filter(({ action }) => action !== 'READ_AUDIT_LOG').map(({ eventId }) => eventId)).toEqual(
      newest?.action === 'READ_AUDIT_LOG' ? [] : [newest?.eventId],
    );
  });
});
const ALL = { audit: 'iam:project:cicd:audit:read' };
