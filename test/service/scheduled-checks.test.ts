import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MintingFailed, type MintingFault, type MintRequest } from '../../src/application/ports/password-minter.ts';
import type { ProbeReport, ProbeRequest } from '../../src/application/ports/registry-probe.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { LOGGED_IN } from '../support/probe-reports.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, GET, NOTICES, ROTATE, UPDATE } from './operations.ts';

const HOUR_MS = 3_600_000;
const REFUSED: ProbeReport = { ...LOGGED_IN, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' };

/** Registries are scripted here; other tests cover their answers. */
describe('scheduled checks', () => {
  const asked: ProbeRequest[] = [];
  const answers = new Map<string, ProbeReport>();
  const minted: MintRequest[] = [];
  let cloud: MintingFault | undefined;
  /** Hosts whose stored password cannot be read at present. */
  const unreadable = new Set<string>();
  /** Called with every question, before it is answered. */
  let onAsked: () => Promise<void> | void = () => undefined;
  let purser: TestPurser;
  let replica: Replica;

  beforeAll(async () => {
    purser = await startPurser();
    replica = await startReplica(purser, {
      probe: {
        async probe(request) {
          asked.push(request);
          await onAsked();
          return answers.get(request.url) ?? LOGGED_IN;
        },
      },
      minter: {
        async mint(request) {
          minted.push(request);
          if (cloud !== undefined) throw new MintingFailed(cloud);
          const [issuedAt, expiresAt] = [0, 12 * HOUR_MS].map((ms) => new Date(Date.now() + ms).toISOString());
          return {
            username: 'AWS',
            password: new Secret(canary('minted')),
            issuedAt: issuedAt ?? '',
            expiresAt: expiresAt ?? '',
          };
        },
      },
      vault: (vault) => ({
        ...vault,
        open: (binding, ref) =>
          unreadable.has(binding.host) ? Promise.reject(new Error('unreadable')) : vault.open(binding, ref),
      }),
      limiter: { take: async () => 0 },
    });
  });
  beforeEach(() => {
    cloud = undefined;
    onAsked = () => undefined;
    minted.length = 0;
    unreadable.clear();
  });
  afterAll(async () => {
    await replica?.close();
    await purser?.stop();
  });

  async function create(url: string, details: object = {}): Promise<string> {
    const input = { url, username: 'ada', password: canary('checked'), ...details };
    const { data } = await purser.graphql(CREATE, { input });
    return data.createRegistry.registry.id;
  }
  /** A query waits until the read models, which say what is due, have everything before it. */
  const caughtUp = () => purser.graphql('{ registries(projectId: "demo") { totalCount } }');

  async function check(intervalMs: number): Promise<string[]> {
    asked.length = 0;
    await caughtUp();
    await replica.scheduledChecks(intervalMs)();
    return asked.map(({ url }) => url).sort();
  }
  /** As if its last test were long ago. */
  const age = (id: string) =>
    withClient(purser.connectionString, (client) =>
      client.query(
        `update read_models.registries
         set health = jsonb_set(health, '{testedAt}', '"2001-01-01T00:00:00.000Z"') where id = $1`,
        [id],
      ),
    );
  const kindsOf = async (registryId: string): Promise<string[]> =>
    (await purser.graphql(NOTICES, { registryId })).data.rotationNotices.nodes.map(
      ({ kind }: { kind: string }) => kind,
    );
  const registry = async (id: string) => (await purser.graphql(GET, { id })).data.registry;

  it('ask each registry for a login, no more, and again only after the interval', async () => {
    const id = await create('one.example');
    await create('two.example');
    expect(await check(HOUR_MS)).toEqual(['one.example', 'two.example']);
    expect(asked.map(({ repository }) => repository)).toEqual([null, null]);
    expect((await registry(id)).health).toEqual({ outcome: 'OK' });
    expect(await check(HOUR_MS)).toEqual([]);
    expect(await check(-1)).toEqual(['one.example', 'two.example']);
  });

  it('confirm a refusal by a second try, tell it once, and ask again only after a day, until it is mended', async () => {
    const id = await create('refusing.example');
    answers.set('refusing.example', REFUSED);
    expect(await check(HOUR_MS)).toEqual(['refusing.example', 'refusing.example']);
    expect((await registry(id)).credential.status).toBe('FAILING');
    const { nodes } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
    expect(nodes).toMatchObject([{ kind: 'AUTHENTICATION_FAILED', credentialVersion: 1, actor: 'system:purser' }]);
    expect(await check(-1)).not.toContain('refusing.example');
    await age(id);
    // It is known already: one try is enough.
    expect(await check(HOUR_MS)).toEqual(['refusing.example']);
    expect(await kindsOf(id)).toEqual(['AUTHENTICATION_FAILED']);
    await age(id);
    answers.delete('refusing.example');
    expect(await check(HOUR_MS)).toEqual(['refusing.example']);
    expect(await kindsOf(id)).toEqual(['RECOVERED', 'AUTHENTICATION_FAILED']);
    expect((await registry(id)).credential.status).toBe('ACTIVE');
  });

  it('tell nobody of a refusal that has passed at the second try', async () => {
    const id = await create('restarting.example');
    answers.set('restarting.example', REFUSED);
    onAsked = () => {
      if (asked.length > 1) answers.delete('restarting.example');
    };
    expect(await check(HOUR_MS)).toEqual(['restarting.example', 'restarting.example']);
    expect([await kindsOf(id), (await registry(id)).health]).toEqual([[], { outcome: 'OK' }]);
  });

  it('use the repository of the last lease where the registry asks nobody for a login', async () => {
    await create('open.example');
    answers.set('open.example', { ...LOGGED_IN, login: 'UNKNOWN', detail: 'NO_LOGIN_ASKED' });
    await check(HOUR_MS);
    expect(asked.map(({ repository }) => repository)).toEqual([null]);
    await replica.issue('open.example/team/app:1');
    await replica.issue('open.example/');
    await caughtUp();
    await check(-1);
    expect(asked.filter(({ url }) => url === 'open.example').map(({ repository }) => repository)).toEqual([
      null,
      'team/app',
    ]);
    answers.delete('open.example');
  });

  it('begin anew with a rotated credential', async () => {
    const id = await create('replaced.example');
    answers.set('replaced.example', REFUSED);
    await check(HOUR_MS);
    answers.delete('replaced.example');
    await purser.graphql(ROTATE, { id, input: { password: canary('checked') } });
    expect(await registry(id)).toMatchObject({ credential: { status: 'ACTIVE' } });
    expect(await check(-1)).toContain('replaced.example');
  });

  it('come first, and at once, to a credential that was rotated since the last test', async () => {
    const id = await create('rotated.example');
    await check(-1);
    expect(await check(HOUR_MS)).toEqual([]);
    await purser.graphql(ROTATE, { id, input: { password: canary('checked') } });
    await caughtUp();
    const at = new Date(Date.now() + HOUR_MS).toISOString();
    const when = { testedBefore: at, refusedBefore: at, spreadMs: 0 };
    const { due } = await replica.checkSchedule.due({ ...when, except: [], limit: 1, after: undefined });
    expect(due.map(({ registryId }) => registryId)).toEqual([id]);
    expect(await check(HOUR_MS)).toEqual(['rotated.example']);
    expect(await check(HOUR_MS)).toEqual([]);
  });

  it('leave what is known as it is while the registry bans or throttles the service, and wait before they ask again', async () => {
    const id = await create('throttling.example');
    await check(HOUR_MS);
    answers.set('throttling.example', { ...LOGGED_IN, outcome: 'RATE_LIMITED', detail: 'BLOCKED', login: 'UNKNOWN' });
    await age(id);
    const round = replica.scheduledChecks(HOUR_MS);
    asked.length = 0;
    await round();
    await round();
    expect(asked.map(({ url }) => url)).toEqual(['throttling.example']);
    expect((await registry(id)).health).toEqual({ outcome: 'OK' });
    answers.delete('throttling.example');
    expect(await check(-1)).toContain('throttling.example');
  });

  it('learn when a password expires if the registry reports and extends it, and keep an earlier declared date', async () => {
    const id = await create('telling.example');
    answers.set('telling.example', { ...LOGGED_IN, expiresAt: '2040-01-01T00:00:00.000Z' });
    await check(HOUR_MS);
    const { credential, revision } = await registry(id);
    expect(credential).toMatchObject({ expiresAt: '2040-01-01T00:00:00.000Z', expirySource: 'REGISTRY' });
    expect(revision).toBe(1);
    answers.set('telling.example', { ...LOGGED_IN, expiresAt: '2041-01-01T00:00:00.000Z' });
    await check(-1);
    expect((await registry(id)).credential).toMatchObject({
      expiresAt: '2041-01-01T00:00:00.000Z',
      expirySource: 'REGISTRY',
    });

    const expiresAt = '2039-01-01T00:00:00.000Z';
    await purser.graphql(UPDATE, { id, input: { expiresAt } });
    const declared = await registry(id);
    expect(declared.credential).toMatchObject({ expiresAt, expirySource: 'DECLARED' });
    await check(-1);
    expect(await registry(id)).toMatchObject({ credential: { expiresAt }, revision: declared.revision });
  });

  it('go on with a registry that does not answer', async () => {
    const id = await create('silent.example');
    answers.set('silent.example', { ...LOGGED_IN, outcome: 'UNREACHABLE', login: 'UNKNOWN' });
    for (let round = 0; round < 3; round += 1) expect(await check(-1)).toContain('silent.example');
    expect(await registry(id)).toMatchObject({ health: { outcome: 'UNREACHABLE' }, credential: { status: 'ACTIVE' } });
  });

  it('leave a credential alone whose time has passed', async () => {
    const id = await create('ended.example', { expiresAt: new Date(Date.now() + HOUR_MS).toISOString() });
    expect(await check(-1)).toContain('ended.example');
    await withClient(purser.connectionString, (client) =>
      client.query(`update read_models.registries set expires_at = now() - interval '1 s' where id = $1`, [id]),
    );
    expect(await check(-1)).not.toContain('ended.example');
  });

  it('continue with a registry that was refused after a test by hand that it passed', async () => {
    const id = await create('mended.example');
    answers.set('mended.example', REFUSED);
    await check(HOUR_MS);
    expect(await check(-1)).not.toContain('mended.example');
    answers.delete('mended.example');
    await replica.application.testRegistry(replica.context(), 'demo', id, null);
    expect(await check(-1)).toContain('mended.example');
  });

  describe('of a registry whose passwords are minted', () => {
    const mint = { kind: 'AMAZON_ECR' };
    const hostOf = (account: string) => `${account}.dkr.ecr.eu-west-1.amazonaws.com`;
    const createMinting = (account: string) => create(hostOf(account), { username: 'AKIAIOSFODNN7EXAMPLE', mint });

    it('log in with the minted password', async () => {
      await createMinting('100000000001');
      expect(await check(HOUR_MS)).toEqual([hostOf('100000000001')]);
      expect([minted.length, asked[0]?.username]).toEqual([1, 'AWS']);
    });

    it('end with a notice if the cloud refuses the credential', async () => {
      const id = await createMinting('100000000002');
      cloud = 'CREDENTIAL_REFUSED';
      expect(await check(HOUR_MS)).toEqual([]);
      expect(minted).toHaveLength(1);
      expect(await registry(id)).toMatchObject({
        health: { outcome: 'AUTHENTICATION_FAILED' },
        credential: { status: 'FAILING' },
      });
      const { nodes } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
      expect(nodes).toMatchObject([{ kind: 'AUTHENTICATION_FAILED' }]);
      await check(-1);
      expect(minted.filter(({ url }) => url === hostOf('100000000002'))).toHaveLength(1);
    });

    it('continue if the cloud is at fault, but only after the interval', async () => {
      const id = await createMinting('100000000003');
      cloud = 'UNREACHABLE';
      await check(HOUR_MS);
      await check(HOUR_MS);
      expect(minted).toHaveLength(1);
      expect(await registry(id)).toMatchObject({
        health: { outcome: 'UNREACHABLE' },
        credential: { status: 'ACTIVE' },
      });
      cloud = undefined;
      await purser.graphql(ROTATE, { id, input: { password: canary('checked') } });
      expect(await check(-1)).toContain(hostOf('100000000003'));
    });
  });

  it('set a registry aside that cannot be checked, and check the others', async () => {
    await create('unreadable.example');
    unreadable.add('unreadable.example');
    const faults: unknown[] = [];
    const round = replica.scheduledChecks(HOUR_MS, { onFault: (error) => faults.push(error) });
    expect(await round()).toBe(1);
    await create('readable.example');
    asked.length = 0;
    expect(await round()).toBe(1);
    expect(asked.map(({ url }) => url)).toEqual(['readable.example']);
    expect(faults).toHaveLength(1);
  });

  it('test no registry if another replica leads, and no further one once it does', async () => {
    let leads = false;
    const round = replica.scheduledChecks(-1, { leading: () => leads });
    asked.length = 0;
    expect(await round()).toBe(0);
    leads = true;
    onAsked = () => {
      leads = false;
    };
    await round();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  it('ask five registries at a time', async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    onAsked = () => held;
    asked.length = 0;
    const round = replica.scheduledChecks(-1)();
    await vi.waitUntil(() => asked.length >= 5);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(asked).toHaveLength(5);
    letGo();
    expect(await round).toBeGreaterThan(5);
  });

  it('are due at another time for each registry, and for each at the same whenever one looks', async () => {
    for (let one = 0; one < 12; one += 1) await create(`spread-${one}.example`);
    await check(-1);
    await caughtUp();
    const due = async (sinceMs: number) => {
      const asked = {
        testedBefore: new Date(Date.now() + sinceMs).toISOString(),
        spreadMs: 2 * HOUR_MS,
        refusedBefore: new Date().toISOString(),
        except: [],
        limit: 100,
        after: undefined,
      };
      return (await replica.checkSchedule.due(asked)).due;
    };
    const all = await due(2 * HOUR_MS);
    expect(all.length).toBeGreaterThan(12);
    const some = await due(HOUR_MS);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length);
    expect(await due(HOUR_MS)).toEqual(some);
    expect(await due(-HOUR_MS)).toEqual([]);
  });
});
