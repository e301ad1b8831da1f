import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { BY_URL, CREATE, DELETE, GET, ISSUE, LIST, ROTATE, UPDATE } from './operations.ts';

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

/** Each test uses a separate project. */
function inProject(projectId: string) {
  const token = purser.token({ projects: { [projectId]: ALL } });
  return {
    ask: (query: string, variables: Record<string, unknown>) =>
      purser.graphql(query, { projectId, ...variables }, token),
    async create(input: Record<string, unknown>) {
      const { data, errors } = await purser.graphql(
        CREATE,
        { projectId, input: { username: 'ada', password: canary('service'), ...input } },
        token,
      );
      expect(errors).toBeUndefined();
      return data.createRegistry.registry;
    },
  };
}
const ALL = ['read', 'write', 'delete', 'use'].map((right) => `iam:project:cicd:registry:${right}`);

describe('a registry', () => {
  it('can be read, in full and by any spelling of its URL, as soon as it was created', async () => {
    const { ask, create } = inProject('read-your-write');
    const created = await create({ url: 'https://index.docker.io/v1/', description: 'ours', email: 'ops@example.com' });
    expect(created).toMatchObject({
      url: 'docker.io',
      enteredUrl: 'https://index.docker.io/v1/',
      name: 'docker.io',
      provider: 'DOCKER_HUB',
      access: 'PULL_AND_PUSH',
      revision: 0,
      createdBy: 'alice',
      health: null,
      credential: { version: 1, status: 'ACTIVE', expiresAt: null, warnings: [], staged: null },
      usage: { lastUsedAt: null, activeLeases: 0, pipelines: [] },
    });
    expect((await ask(GET, { id: created.id })).data.registry).toEqual(created);
    for (const url of ['docker.io', 'registry-1.docker.io', ' HTTPS://DOCKER.IO/ ']) {
      expect((await ask(BY_URL, { url })).data.registryByUrl).toEqual(created);
    }
  });

  it('exists once for each URL of a project, whatever the spelling', async () => {
    const { ask, create } = inProject('unique');
    await create({ url: 'reg.example:5000' });
    const again = await ask(CREATE, {
      input: { url: 'https://REG.example:5000/v2/', username: 'a', password: canary('twice') },
    });
    expect(again.errors).toMatchObject([{ extensions: { code: 'REGISTRY_ALREADY_EXISTS' } }]);
    const [first, second] = await Promise.all([
      inProject('race').ask(CREATE, { input: { url: 'ghcr.io', username: 'a', password: canary('race') } }),
      inProject('race').ask(CREATE, { input: { url: 'https://ghcr.io', username: 'b', password: canary('race') } }),
    ]);
    expect([first, second].filter(({ errors }) => !errors)).toHaveLength(1);
  });

  it('keeps fields that an update omits, clears fields that are null, and keeps the password if it is blank', async () => {
    const { ask, create } = inProject('update');
    const password = canary('kept');
    const { id } = await create({
      url: 'reg.example',
      description: 'ours',
      email: 'ops@example.com',
      rotateEveryDays: 30,
      password,
    });
    const { data } = await ask(UPDATE, { id, input: { name: 'Ours', email: null, password: ' ' } });
    expect(data.updateRegistry.registry).toMatchObject({
      name: 'Ours',
      description: 'ours',
      email: null,
      revision: 1,
      credential: { version: 1, rotateEveryDays: 30 },
    });
    const issued = await ask(ISSUE, { input: { image: 'reg.example/app', pipeline: 'p' } });
    expect(issued.data.issueCredential).toMatchObject({ username: 'ada', password });
  });

  it('keeps its password with a new username', async () => {
    const { ask, create } = inProject('username');
    const password = canary('kept-with-username');
    const { id } = await create({ url: 'reg.example', password });
    await ask(UPDATE, { id, input: { username: 'grace' } });
    const issued = await ask(ISSUE, { input: { image: 'reg.example/app', pipeline: 'p' } });
    expect(issued.data.issueCredential).toMatchObject({ username: 'grace', password });
  });

  it('is protected from an update that was made for another revision, and retries one that names none', async () => {
    const { ask, create } = inProject('revisions');
    const { id } = await create({ url: 'reg.example' });
    const blind = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(UPDATE, { id, input: { description: `change ${index}` } })),
    );
    expect(blind.map(({ errors }) => errors)).toEqual(Array(8).fill(undefined));
    const { data } = await ask(GET, { id });
    expect(data.registry.revision).toBe(8);
    const stale = await ask(UPDATE, { id, input: { name: 'x', expectedRevision: 7 } });
    expect(stale.errors).toMatchObject([{ extensions: { code: 'REVISION_CONFLICT', field: 'expectedRevision' } }]);
    const fresh = await ask(UPDATE, { id, input: { name: 'x', expectedRevision: 8 } });
    expect(fresh.data.updateRegistry.registry.revision).toBe(9);
  });

  it('takes a hundred updates at once, one after the other', async () => {
    const { ask, create } = inProject('crowd');
    const { id } = await create({ url: 'reg.example' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => ask(UPDATE, { id, input: { name: `name ${index}` } })),
    );
    expect(answers.filter(({ errors }) => errors)).toEqual([]);
    expect((await ask(GET, { id })).data.registry.revision).toBe(100);
  });

  it('keeps a declared expiry that is still to come with a new password, and drops one that has passed', async () => {
    const { ask, create } = inProject('expiry');
    const { id } = await create({ url: 'reg.example', expiresAt: '2040-01-01T00:00:00Z' });
    const update = async (input: object) => (await ask(UPDATE, { id, input })).data.updateRegistry.registry.credential;
    expect(await update({ password: canary('expiry') })).toMatchObject({
      version: 2,
      expiresAt: '2040-01-01T00:00:00.000Z',
    });
    expect(await update({ expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject({ version: 2, status: 'EXPIRED' });
    expect(await update({ password: canary('expiry') })).toMatchObject({
      version: 3,
      expiresAt: null,
      status: 'ACTIVE',
    });
  });

  it('continues its stream and its versions when it is deleted and created again', async () => {
    const { ask, create } = inProject('again');
    const { id } = await create({ url: 'reg.example' });
    await ask(ROTATE, { id, input: { password: canary('second') } });
    expect((await ask(DELETE, { id })).data.deleteRegistry).toEqual({ deletedId: id, url: 'reg.example' });
    expect((await ask(GET, { id })).data.registry).toBeNull();
    const again = await create({ url: 'reg.example' });
    expect(again).toMatchObject({ id, revision: 3, credential: { version: 3 }, usage: { pipelines: [] } });
  });

  it.each([
    ['username', { url: '123456789012.dkr.ecr.eu-central-1.amazonaws.com', username: 'aws' }, 'AWS'],
    ['username', { url: 'eu.gcr.io', username: 'ada' }, '_json_key'],
    ['url', { url: 'https://hub.docker.com' }, 'docker.io'],
    ['url', { url: 'http://reg.example' }, 'PLAIN_HTTP_HOSTS'],
    ['rotateEveryDays', { url: 'reg.example', rotateEveryDays: 0 }, '1'],
    ['email', { url: 'reg.example', email: 'nobody' }, 'email'],
    ['caCertificate', { url: 'reg.example', caCertificate: 'none' }, 'PEM'],
    ['password', { url: 'reg.example', password: '' }, 'password'],
    ['idempotencyKey', { url: 'reg.example', idempotencyKey: '' }, 'idempotencyKey'],
  ])('is refused with a wrong %s, which the error names together with the fix', async (field, input, fix) => {
    const { ask } = inProject('refusals');
    const { errors } = await ask(CREATE, { input: { username: 'ada', password: canary('refused'), ...input } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
    expect(errors?.[0]?.message).toContain(fix);
    expect((await ask(LIST, {})).data.registries.totalCount).toBe(0);
  });

  it('of another project looks exactly like one that never was', async () => {
    const { id } = await inProject('mine').create({ url: 'reg.example' });
    const other = inProject('theirs');
    expect((await other.ask(GET, { id })).data.registry).toBeNull();
    for (const [query, input] of [
      [UPDATE, { name: 'x' }],
      [UPDATE, { name: 'x', expectedRevision: 99 }],
      [ROTATE, { password: canary('foreign') }],
      [DELETE, {}],
    ] as const) {
      const foreign = await other.ask(query, { id, input });
      const unknown = await other.ask(query, { id: '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11', input });
      expect(foreign.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      expect(JSON.stringify(foreign)).toBe(JSON.stringify(unknown));
    }
    expect((await inProject('mine').ask(GET, { id })).data.registry.revision).toBe(0);
  });
});

describe('the list of registries', () => {
  it('is filtered, ordered and paged', async () => {
    const { ask, create } = inProject('list');
    const names = ['delta', 'Alpha', 'charlie', 'Bravo', '100%'];
    for (const [index, name] of names.entries()) {
      const expiresAt = index < 3 ? new Date(Date.UTC(2040, index)).toISOString() : null;
      await create({ url: `${index}.reg.example`, name, ...(expiresAt && { expiresAt }) });
    }
    await create({ url: 'quay.io', name: 'echo', username: 'robot' });
    await ask(ISSUE, { input: { image: '1.reg.example/app', pipeline: 'p' } });

    const list = async (variables: Record<string, unknown>) => (await ask(LIST, variables)).data.registries;
    const namesOf = async (variables: Record<string, unknown>) =>
      (await list(variables)).nodes.map(({ name }: { name: string }) => name);
    expect(await namesOf({})).toEqual(['100%', 'Alpha', 'Bravo', 'charlie', 'delta', 'echo']);
    expect(await namesOf({ filter: { provider: 'QUAY' } })).toEqual(['echo']);
    expect(await namesOf({ filter: { search: 'ROBOT' } })).toEqual(['echo']);
    expect(await namesOf({ filter: { search: '0%' } })).toEqual(['100%']);
    expect(await namesOf({ filter: { expiresBefore: '2040-02-15T00:00:00Z' } })).toEqual(['Alpha', 'delta']);
    expect(await namesOf({ filter: { unusedSince: '2020-01-01T00:00:00Z' } })).not.toContain('Alpha');
    expect(await namesOf({ filter: { unusedSince: '2100-01-01T00:00:00Z' } })).toContain('Alpha');

    for (const field of ['NAME', 'URL', 'CREATED_AT', 'UPDATED_AT', 'EXPIRES_AT', 'LAST_USED_AT']) {
      for (const direction of ['ASC', 'DESC']) {
        const orderBy = { field, direction };
        const whole = await namesOf({ orderBy });
        const paged: string[] = [];
        for (let after: string | null = null; ; ) {
          const page: Awaited<ReturnType<typeof list>> = await list({ orderBy, first: 2, after });
          paged.push(...page.nodes.map(({ name }: { name: string }) => name));
          expect(page.totalCount).toBe(6);
          if (!page.pageInfo.hasNextPage) break;
          after = page.pageInfo.endCursor;
        }
        expect(paged).toEqual(whole);
        expect(new Set(paged).size).toBe(6);
      }
    }
    const byExpiry = await namesOf({ orderBy: { field: 'EXPIRES_AT', direction: 'DESC' } });
    expect(byExpiry.slice(0, 3)).toEqual(['charlie', 'Alpha', 'delta']);
  });
});

describe('a replaced or deleted secret', () => {
  it('has neither key nor ciphertext once the answer is there', async () => {
    const { ask, create } = inProject('shred');
    const { id } = await create({ url: 'reg.example' });
    const rows = () =>
      withClient(purser.connectionString, async (client) => {
        const { rows } = await client.query(
          `select credential_version as version, state, wrapped_key is null and ciphertext is null as gone
           from vault.secrets where registry_id = $1 order by credential_version`,
          [id],
        );
        return rows;
      });
    expect(await rows()).toEqual([{ version: 1, state: 'current', gone: false }]);
    await ask(ROTATE, { id, input: { password: canary('second') } });
    expect(await rows()).toEqual([
      { version: 1, state: 'destroyed', gone: true },
      { version: 2, state: 'current', gone: false },
    ]);
    await ask(DELETE, { id });
    expect((await rows()).every(({ gone }) => gone)).toBe(true);
  });
});
