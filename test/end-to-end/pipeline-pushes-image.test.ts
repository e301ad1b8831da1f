import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientRun, CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { digestOfOciImage, writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createSkopeo, type Skopeo } from '../support/skopeo.ts';

const NOT_FOUND = 'credentials not found in native keychain\n';
const USE = 'iam:project:cicd:registry:use';
const MANAGE = ['read', 'write', 'delete'].map((right) => `iam:project:cicd:registry:${right}`);

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id url credential { version } } }
}`;
const ROTATE = `mutation ($id: ID!, $password: String!) {
  rotateCredential(projectId: "demo", id: $id, input: { password: $password }) { registry { credential { version } } }
}`;
const DELETE = `mutation ($id: ID!) { deleteRegistry(projectId: "demo", id: $id, input: { force: true }) { deletedId } }`;
const LEASES = `query ($id: ID!) {
  leases(projectId: "demo", filter: { registryId: $id }, first: 100) {
    nodes { image pipeline runId purpose issuedTo credentialVersion } }
}`;

const AUDIT = `query ($id: ID!) {
  auditLog(projectId: "demo", filter: { registryId: $id, action: "ISSUE_CREDENTIAL" }, first: 100) { nodes { actor pipeline } } }`;

const missing = skipReason('docker-registry', 'htpasswd', 'openssl', 'skopeo');

/** One story in several steps: each starts where the one before it ended. */
describe.skipIf(missing)(titled('a pipeline that pushes an image', missing), () => {
  const [first, second] = [canary('first'), canary('second')];
  let purser: TestPurser;
  let registry: DockerRegistry;
  let pipeline: Skopeo;
  let folder: string;
  let image: string;
  let digest: string;
  let registryId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-pipeline-'));
    image = join(folder, 'image');
    [purser, registry, digest] = await Promise.all([
      startPurser(),
      startDockerRegistry(),
      writeOciImage(image, 'built by a pipeline'),
    ]);
    await registry.setPassword('robot', first);
    const { host, certsDir } = registry;
    pipeline = await createSkopeo({
      login: { helper: CREDENTIAL_HELPER },
      host,
      certsDir,
      environment: environmentOf('demo', 'demo'),
    });
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), registry?.stop(), pipeline?.remove()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** A pipeline's variables: its token is good for one project, and it asks in one. */
  function environmentOf(tokenFor: string, asksIn: string): Record<string, string> {
    return {
      PURSER_URL: purser.url,
      PURSER_TOKEN: purser.token({ projects: { [tokenFor]: [USE] }, subject: `pipeline-of-${tokenFor}` }),
      PURSER_PROJECT: asksIn,
      PURSER_PIPELINE: 'web/deploy',
      PURSER_RUN_ID: '1742',
      PURSER_PURPOSE: 'PUSH',
    };
  }

  const askHelper = (tokenFor: string, asksIn: string): Promise<ClientRun> =>
    runClient(CREDENTIAL_HELPER, ['get'], { input: registry.host, environment: environmentOf(tokenFor, asksIn) });

  async function manage(query: string, variables: Record<string, unknown>) {
    const token = purser.token({ projects: { demo: MANAGE }, subject: 'alice' });
    const { data, errors } = await purser.graphql(query, variables, token);
    expect(errors).toBeUndefined();
    return data;
  }

  it('finds no credential before somebody registers the registry', async () => {
    expect(await askHelper('demo', 'demo')).toEqual({ stdout: NOT_FOUND, stderr: '', exitCode: 1 });
    expect((await pipeline.push(image, 'team/web:0')).exitCode).not.toBe(0);
  });

  it('pushes and pulls once the registry is there', async () => {
    const { host, caCertificate } = registry;
    const input = { url: `https://${host}/`, username: 'robot', password: first, caCertificate };
    const created = await manage(CREATE, { input });
    expect(created).toMatchObject({ createRegistry: { registry: { url: host, credential: { version: 1 } } } });
    registryId = created.createRegistry.registry.id;

    expect(await pipeline.push(image, 'team/web:1')).toMatchObject({ exitCode: 0 });
    expect(await pipeline.pull('team/web:1', join(folder, 'pulled'))).toMatchObject({ exitCode: 0 });
    expect(await digestOfOciImage(join(folder, 'pulled'))).toBe(digest);
  });

  it('has one lease for its run, and each time that it asked stands in the audit log', async () => {
    const { leases } = await manage(LEASES, { id: registryId });
    const lease = {
      pipeline: 'web/deploy',
      runId: '1742',
      purpose: 'PUSH',
      issuedTo: 'pipeline-of-demo',
      credentialVersion: 1,
    };
    expect(leases.nodes).toMatchObject([lease]);
    // The clients tell a helper the registry alone.
    expect(leases.nodes[0].image).toContain(registry.host);
    const token = purser.token({ projects: { demo: ['iam:project:cicd:audit:read'] }, subject: 'auditor' });
    const { auditLog } = (await purser.graphql(AUDIT, { id: registryId }, token)).data;
    expect(auditLog.nodes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(auditLog.nodes.map(({ actor }: { actor: string }) => actor))).toEqual(new Set(['pipeline-of-demo']));
  });

  it('is refused by the registry when the password was changed there alone', async () => {
    await registry.setPassword('robot', second);
    const run = await pipeline.push(image, 'team/web:2');
    expect(run.exitCode).not.toBe(0);
    expect(run.output).toMatch(/unauthorized|authentication required/i);
  });

  it('pushes again, without any change to it, once the credential is rotated in Purser', async () => {
    const rotated = await manage(ROTATE, { id: registryId, password: second });
    expect(rotated).toMatchObject({ rotateCredential: { registry: { credential: { version: 2 } } } });
    expect(await pipeline.push(image, 'team/web:2')).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await askHelper('demo', 'demo')).stdout)).toMatchObject({ Username: 'robot', Secret: second });
    expect(await registry.accepts('robot', first)).toBe(false);
    expect(await registry.accepts('robot', second)).toBe(true);
  });

  it('of another project finds no credential in its own, and is refused in this one', async () => {
    expect(await askHelper('other', 'other')).toEqual({ stdout: NOT_FOUND, stderr: '', exitCode: 1 });

    const refused = await askHelper('other', 'demo');
    expect(refused).toMatchObject({ stderr: '', exitCode: 1 });
    expect(refused.stdout).toContain(`in project demo (FORBIDDEN; it needs ${USE})`);
    expect(refused.stdout).not.toContain('not found');
    expect(refused.stdout).not.toContain(second);
  });

  it('finds no credential after the registry was deleted', async () => {
    expect(await manage(DELETE, { id: registryId })).toEqual({ deleteRegistry: { deletedId: registryId } });
    expect(await askHelper('demo', 'demo')).toEqual({ stdout: NOT_FOUND, stderr: '', exitCode: 1 });
    const run = await pipeline.push(image, 'team/web:3');
    expect(run.exitCode).not.toBe(0);
    expect(run.output).toMatch(/unauthorized|authentication required/i);
  });
});
