import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProbeReport, ProbeRequest } from '../../src/application/ports/registry-probe.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { CREATE, GET, NOTICES, ROTATE } from './operations.ts';

const HOUR_MS = 3_600_000;
const OK: ProbeReport = {
  outcome: 'OK',
  detail: null,
  login: 'PROVED',
  pull: 'UNKNOWN',
  push: 'UNKNOWN',
  method: 'BASIC',
  repository: null,
  expiresAt: null,
  durationMs: 1,
};
const REFUSED: ProbeReport = { ...OK, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' };

/** What registries answer has tests of its own; here it is a script. */
describe('scheduled checks', () => {
  const asked: ProbeRequest[] = [];
  const answers = new Map<string, ProbeReport>();
  let purser: TestPurser;
  let replica: Replica;

  beforeAll(async () => {
    purser = await startPurser();
    replica = await startReplica(purser, {
      probe: {
        async probe(request) {
          asked.push(request);
          return answers.get(request.url) ?? OK;
        },
      },
    });
  });
  afterAll(async () => {
    await replica?.close();
    await purser?.stop();
  });

  async function create(url: string): Promise<string> {
    const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('checked') } });
    return data.createRegistry.registry.id;
  }
  async function check(intervalMs: number): Promise<string[]> {
    asked.length = 0;
    await replica.checkDue(intervalMs);
    return asked.map(({ url }) => url).sort();
  }
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

  it('stop at the first refusal, which is a notice, until the credential is rotated', async () => {
    const id = await create('refusing.example');
    answers.set('refusing.example', REFUSED);
    expect(await check(HOUR_MS)).toEqual(['refusing.example']);
    expect((await registry(id)).credential.status).toBe('FAILING');
    const { nodes } = (await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices;
    expect(nodes).toMatchObject([{ kind: 'AUTHENTICATION_FAILED', credentialVersion: 1, actor: 'system:purser' }]);
    expect(await check(-1)).not.toContain('refusing.example');

    answers.delete('refusing.example');
    await purser.graphql(ROTATE, { id, input: { password: canary('checked') } });
    expect(await check(-1)).toContain('refusing.example');
    expect((await registry(id)).credential.status).toBe('ACTIVE');
  });

  it('learn when a password ends, where the registry tells, and leave an earlier date that was declared', async () => {
    const id = await create('telling.example');
    answers.set('telling.example', { ...OK, expiresAt: '2040-01-01T00:00:00.000Z' });
    await check(HOUR_MS);
    const { credential, revision } = await registry(id);
    expect(credential).toMatchObject({ expiresAt: '2040-01-01T00:00:00.000Z', expirySource: 'REGISTRY' });
    expect(revision).toBe(1);
    answers.set('telling.example', { ...OK, expiresAt: '2041-01-01T00:00:00.000Z' });
    await check(-1);
    expect((await registry(id)).revision).toBe(1);
  });
});
