import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { AUDIT, CREATE, GET, LIST, NOTICES, ROTATE, UPDATE } from './operations.ts';

const HEALTH = 'testedAt credentialVersion outcome advice login pull push method repository durationMs';
const TEST = `mutation ($projectId: ID = "demo", $id: ID!, $repository: String) {
  testRegistry(projectId: $projectId, id: $id, repository: $repository) { ${HEALTH} } }`;
const TRY = `mutation ($projectId: ID = "demo", $input: TestCredentialsInput!) {
  testCredentials(projectId: $projectId, input: $input) { ${HEALTH} } }`;
const HEALTH_OF = `query ($id: ID!) { registry(projectId: "demo", id: $id) { health { ${HEALTH} } credential { status version } } }`;

const missing = skipReason('docker-registry', 'htpasswd', 'openssl');

describe.skipIf(missing)(titled('tests of credentials', missing), () => {
  const password = canary('tested');
  let purser: TestPurser;
  let registry: DockerRegistry;
  let readOnly: DockerRegistry;
  let open: DockerRegistry;

  beforeAll(async () => {
    [purser, registry, readOnly, open] = await Promise.all([
      startPurser({ environment: { EGRESS_ALLOW: 'localhost' } }),
      startDockerRegistry(),
      startDockerRegistry({ readOnly: true }),
      startDockerRegistry({ login: false }),
    ]);
    await Promise.all([registry, readOnly].map((each) => each.setPassword('robot', password)));
  });
  afterAll(() => Promise.all([purser?.stop(), registry?.stop(), readOnly?.stop(), open?.stop()]));

  const entry = (of: DockerRegistry, secret = password) => ({
    url: of.host,
    username: 'robot',
    password: secret,
    caCertificate: of.caCertificate,
  });

  /** The first caller's share of the project's tests goes to the first two tests below. */
  const asAnotherCaller = () => purser.token({ subject: 'bob' });

  it('prove what a credential can do before it is stored', async () => {
    const proved = (await purser.graphql(TRY, { input: { ...entry(registry), repository: 'team/app' } })).data;
    expect(proved.testCredentials).toMatchObject({
      credentialVersion: null,
      outcome: 'OK',
      login: 'PROVED',
      push: 'PROVED',
      repository: 'team/app',
      method: 'UPLOAD_PROBE',
    });
    const wrong = (await purser.graphql(TRY, { input: entry(registry, canary('wrong')) })).data.testCredentials;
    expect(wrong).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', push: 'UNKNOWN' });
    expect(wrong.advice).not.toBeNull();
    const unknown = (await purser.graphql(TRY, { input: { ...entry(registry), caCertificate: null } })).data;
    expect(unknown.testCredentials).toMatchObject({ outcome: 'TLS_INVALID' });
    expect(unknown.testCredentials.advice).toContain('caCertificate');
    expect((await purser.graphql(LIST, {})).data.registries.totalCount).toBe(0);
  });

  it('store nothing with `verify` unless the login is proved, and store the findings if it is', async () => {
    const refused = await purser.graphql(CREATE, { input: { ...entry(registry, canary('wrong')), verify: true } });
    expect(refused.errors).toMatchObject([
      { extensions: { code: 'VERIFICATION_FAILED', outcome: 'AUTHENTICATION_FAILED' } },
    ]);
    expect((await purser.graphql(LIST, {})).data.registries.totalCount).toBe(0);

    const created = (await purser.graphql(CREATE, { input: { ...entry(registry), verify: true } })).data.createRegistry;
    expect(created.registry).toMatchObject({ health: { outcome: 'OK' }, credential: { version: 1, status: 'ACTIVE' } });
    const { id } = created.registry;
    const rotation = { password: canary('wrong'), verify: true };
    expect((await purser.graphql(ROTATE, { id, input: rotation })).errors).toMatchObject([
      { extensions: { code: 'VERIFICATION_FAILED' } },
    ]);
    const updated = await purser.graphql(UPDATE, { id, input: { name: 'Ours', verify: true } });
    expect(updated.data.updateRegistry.registry).toMatchObject({
      name: 'Ours',
      credential: { version: 1 },
      health: { outcome: 'OK' },
    });
  });

  it('store nothing with `verify` if the registry requires no login, because that proves nothing', async () => {
    const { errors } = await purser.graphql(CREATE, { input: { ...entry(open), verify: true } }, asAnotherCaller());
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('could not be checked'),
        extensions: { code: 'VERIFICATION_FAILED', outcome: 'OK' },
      },
    ]);
    const urls = (await purser.graphql(LIST, {})).data.registries.nodes.map(({ url }: { url: string }) => url);
    expect(urls).not.toContain(open.host);
  });

  it('are kept with the registry, in the audit log, and make a refused credential FAILING until it is rotated', async () => {
    const input = { ...entry(readOnly), url: `https://${readOnly.host}/v2/` };
    const { id } = (await purser.graphql(CREATE, { input })).data.createRegistry.registry;
    expect((await purser.graphql(HEALTH_OF, { id })).data.registry.health).toBeNull();
    const tested = (await purser.graphql(TEST, { id, repository: 'team/app' }, asAnotherCaller())).data.testRegistry;
    expect(tested).toMatchObject({ credentialVersion: 1, login: 'PROVED', pull: 'PROVED', push: 'DENIED' });
    expect((await purser.graphql(HEALTH_OF, { id })).data.registry).toEqual({
      health: tested,
      credential: { status: 'ACTIVE', version: 1 },
    });
    const [entryOfTest] = (await purser.graphql(AUDIT, { filter: { registryId: id }, first: 1 })).data.auditLog.nodes;
    expect(entryOfTest).toMatchObject({ action: 'TEST_REGISTRY', outcome: 'SUCCEEDED', url: readOnly.host });

    await readOnly.setPassword('robot', canary('changed'));
    expect((await purser.graphql(TEST, { id }, asAnotherCaller())).data.testRegistry.outcome).toBe(
      'AUTHENTICATION_FAILED',
    );
    const failing = { filter: { status: 'FAILING' } };
    expect((await purser.graphql(HEALTH_OF, { id })).data.registry.credential.status).toBe('FAILING');
    expect((await purser.graphql(LIST, failing)).data.registries.nodes).toMatchObject([{ url: readOnly.host }]);
    await purser.graphql(ROTATE, { id, input: { password: canary('next') } });
    expect((await purser.graphql(GET, { id })).data.registry.credential.status).toBe('ACTIVE');
    expect((await purser.graphql(LIST, failing)).data.registries.nodes).toEqual([]);
    expect((await purser.graphql(NOTICES, { registryId: id })).data.rotationNotices.nodes).toMatchObject([
      { kind: 'ROTATED' },
    ]);
  });

  it('connect only to addresses that the operator allows', async () => {
    const token = purser.token({ projects: { closed: ['iam:project:cicd:registry:write'] } });
    for (const url of ['127.0.0.1:5000', '169.254.169.254', '10.1.2.3', '[::1]:5000', 'db.internal:5432']) {
      const { data } = await purser.graphql(
        TRY,
        { projectId: 'closed', input: { url, username: 'a', password } },
        token,
      );
      expect(data.testCredentials, url).toMatchObject({ outcome: 'TARGET_NOT_ALLOWED', login: 'UNKNOWN' });
      expect(data.testCredentials.advice).toContain('EGRESS_ALLOW');
    }
  });

  it('never say how long an unanswered port took, because a filtered port takes longer than a closed one', async () => {
    const projectId = 'silent';
    const permissions = ['iam:project:cicd:registry:write', 'iam:project:cicd:audit:read'];
    const token = purser.token({ projects: { [projectId]: permissions } });
    const input = { url: 'localhost:1', username: 'a', password };
    const tested = await purser.graphql(TRY, { projectId, input }, token);
    expect(tested.data.testCredentials).toMatchObject({ outcome: 'UNREACHABLE', durationMs: 0 });
    const refused = await purser.graphql(CREATE, { projectId, input: { ...input, verify: true } }, token);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'VERIFICATION_FAILED' } }]);
    expect((await purser.graphql(AUDIT, { projectId, first: 2 }, token)).data.auditLog.nodes).toMatchObject([
      { outcome: 'FAILED', code: 'VERIFICATION_FAILED', durationMs: null },
      { action: 'TEST_CREDENTIALS', durationMs: null },
    ]);
  });

  it('are limited to ten a minute for a project, of which one caller leaves three to the others', async () => {
    const input = { url: '10.0.0.1', username: 'a', password };
    const tryAs = async (subject: string, times: number) => {
      const token = purser.token({ subject, projects: { busy: ['iam:project:cicd:registry:write'] } });
      const tries = Array.from({ length: times }, () => purser.graphql(TRY, { projectId: 'busy', input }, token));
      return (await Promise.all(tries)).filter(({ errors }) => errors);
    };
    const limited = await tryAs('loop', 20);
    expect(limited).toHaveLength(13);
    expect(await tryAs('person', 2)).toEqual([]);
    expect(await tryAs('loop', 1)).toHaveLength(1);
    expect(await tryAs('another', 3)).toHaveLength(2);
    const aWait = expect.toSatisfy((seconds) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 60);
    for (const { errors } of limited) {
      expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfter: aWait } }]);
    }
  });
});
