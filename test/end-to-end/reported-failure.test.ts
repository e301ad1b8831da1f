import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, GET, ROTATE } from '../service/operations.ts';
import { CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason } from '../support/required-tools.ts';
import { withClient } from '../support/server-databases.ts';
import { type Subscriber, subscribe } from '../support/subscriber.ts';

const USE = 'iam:project:cicd:registry:use';
const TEST = 'mutation ($id: ID!) { testRegistry(projectId: "demo", id: $id) { outcome } }';
const FOLLOW =
  'subscription ($id: ID!) { rotationNotices(projectId: "demo", registryId: $id) { kind actor credentialVersion } }';
const AUDIT = `query ($id: ID!) {
  auditLog(projectId: "demo", filter: { registryId: $id, action: "REPORT_AUTHENTICATION_FAILURE", outcome: SUCCEEDED }, first: 10) {
    nodes { actor pipeline runId leaseId changes { field to } } } }`;

const missing = skipReason('docker-registry', 'htpasswd', 'openssl');

/** One story in several steps: each starts where the one before it ended. */
describe.skipIf(missing)(`a pipeline whose login fails${missing ? ` (${missing})` : ''}`, () => {
  const [stored, elsewhere] = [canary('stored'), canary('elsewhere')];
  let purser: TestPurser;
  let registry: DockerRegistry;
  let notices: Subscriber<{ readonly kind: string }>;
  let id: string;

  beforeAll(async () => {
    [purser, registry] = await Promise.all([
      startPurser({ environment: { EGRESS_ALLOW: 'localhost' } }),
      startDockerRegistry(),
    ]);
    await registry.setPassword('robot', stored);
    const { host, caCertificate } = registry;
    const input = { url: host, username: 'robot', password: stored, caCertificate, verify: true };
    id = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
    notices = await subscribe(purser.url, purser.token(), FOLLOW, { id });
  });
  afterAll(async () => {
    await notices?.close();
    await Promise.allSettled([purser?.stop(), registry?.stop()]);
  });

  const helper = (command: string, input: string, changes: Record<string, string> = {}) =>
    runClient(CREDENTIAL_HELPER, [command], {
      input,
      environment: {
        PURSER_URL: purser.url,
        PURSER_TOKEN: purser.token({ projects: { demo: [USE] }, subject: 'ci' }),
        PURSER_PROJECT: 'demo',
        PURSER_PIPELINE: 'web/deploy',
        PURSER_RUN_ID: '1742',
        ...changes,
      },
    });
  const statusOf = async () => {
    const { credential, health } = (await purser.graphql(GET, { id })).data.registry;
    return [credential.status, health?.outcome];
  };
  const kinds = () => notices.items.map(({ kind }) => kind);
  /** As after ten minutes. */
  const forgetTurns = () =>
    withClient(purser.connectionString, (client) => client.query('delete from projection.rate_limits'));

  it('reports nothing that it was not issued', async () => {
    expect(await helper('report', registry.host)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('was issued no credential'),
    });
  });

  it('makes no noise while the registry accepts the credential', async () => {
    await helper('get', registry.host);
    expect(await helper('report', registry.host)).toMatchObject({ exitCode: 0 });
    expect([await statusOf(), kinds()]).toEqual([['ACTIVE', 'OK'], []]);
  });

  it('makes the credential FAILING, with one notice for many reports, after a login of the service', async () => {
    await forgetTurns();
    await registry.setPassword('robot', elsewhere);
    await helper('get', registry.host);
    const said = `unauthorized: robot may not log in\nwith ${stored}`;
    const runs = await Promise.all([1, 2, 3].map(() => helper('report', `${registry.host}\n${said}`)));
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    await expect.poll(kinds).toEqual(['AUTHENTICATION_FAILED']);
    expect(await statusOf()).toEqual(['FAILING', 'AUTHENTICATION_FAILED']);
    await forgetTurns();
    expect(await helper('erase', registry.host, { PURSER_REPORT_FAILURE: 'true' })).toMatchObject({ exitCode: 0 });
    const { nodes } = (await purser.graphql(AUDIT, { id })).data.auditLog;
    expect(nodes).toHaveLength(3);
    for (const entry of nodes) {
      expect(entry).toMatchObject({ actor: 'ci', pipeline: 'web/deploy', runId: '1742' });
      expect(entry.changes).toEqual([{ field: 'credentialVersion', to: '1' }]);
    }
    expect(kinds()).toEqual(['AUTHENTICATION_FAILED']);
  });

  it('hears that it works again', async () => {
    await registry.setPassword('robot', stored);
    await purser.graphql(TEST, { id });
    await expect.poll(kinds).toEqual(['AUTHENTICATION_FAILED', 'RECOVERED']);
    expect(await statusOf()).toEqual(['ACTIVE', 'OK']);
  });

  it('begins anew with a rotated credential, which nobody has tested', async () => {
    await registry.setPassword('robot', elsewhere);
    await purser.graphql(ROTATE, { id, input: { password: canary('wrong') } });
    expect((await statusOf())[0]).toBe('ACTIVE');
    await forgetTurns();
    await helper('get', registry.host);
    await helper('report', registry.host);
    await expect.poll(kinds).toEqual(['AUTHENTICATION_FAILED', 'RECOVERED', 'ROTATED', 'AUTHENTICATION_FAILED']);
    await purser.graphql(ROTATE, { id, input: { password: elsewhere } });
    await purser.graphql(TEST, { id });
    expect(await statusOf()).toEqual(['ACTIVE', 'OK']);
    await expect.poll(kinds).toHaveLength(5);
    expect(kinds().at(-1)).toBe('ROTATED');
  });
});
