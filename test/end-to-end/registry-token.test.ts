import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { createCertificates } from '../support/certificates.ts';
import { createGithub } from '../support/ci-issuers.ts';
import { askFor, dockerAsk, externalSecretsAsk } from '../support/credential-asks.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { digestOfOciImage, writeOciImage } from '../support/oci-image.ts';
import { printed } from '../support/printed.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createSkopeo, type Skopeo } from '../support/skopeo.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';
import { createTestIssuer } from '../support/tokens.ts';

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } } }`;
const ISSUE = `mutation ($input: IssueCredentialInput!) { issueCredential(projectId: "demo", input: $input) {
  password form expiresAt expirySource dockerConfigJson lease { expiresAt } } }`;
const CREATE_RULE =
  'mutation ($input: TrustRuleInput!) { createTrustRule(projectId: "demo", input: $input) { warnings } }';
const AUDIT = `{ auditLog(projectId: "demo", filter: { action: "ISSUE_CREDENTIAL" }, first: 1) { nodes {
  outcome code image changes { field to } identity { ruleName } } } }`;

const missing = skipReason('docker-registry', 'openssl', 'skopeo');

describe.skipIf(missing)(titled('a registry token', missing), () => {
  const password = canary('registry-token');
  const [people, github] = [createTestIssuer(), createGithub()];
  const cleanUps: (() => Promise<unknown>)[] = [];
  let folder: string;
  let image: string;
  let caCertificate: string;
  let purser: TestPurser;
  let tokens: TokenServer;
  let registry: DockerRegistry;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-registry-token-'));
    image = join(folder, 'image');
    const certificates = await createCertificates(folder);
    ({ caCertificate } = certificates);
    const rights = { 'team/web': ['pull', 'push'], 'team/secret': ['pull', 'push'] } as const;
    tokens = await startTokenServer({ folder, certificates, accounts: [{ username: 'robot', password, rights }] });
    const issuers = JSON.stringify([people.issuerConfig, github.entry]);
    [purser, registry] = await Promise.all([
      startPurser({ environment: { JWT_ISSUERS: issuers, EGRESS_ALLOW: 'localhost,127.0.0.1' } }),
      startDockerRegistry({ tls: certificates, login: tokens.login }),
      writeOciImage(image, 'pulled with a registry token'),
    ]);
    await done(CREATE, { input: { url: registry.host, username: 'robot', password, caCertificate } });
    const { dockerConfigJson } = await issue({ form: 'PASSWORD', purpose: 'PUSH' });
    const pusher = await skopeo(dockerConfigJson);
    for (const name of ['team/web:1', 'team/secret:1']) expect((await pusher.push(image, name)).exitCode).toBe(0);
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), registry?.stop(), tokens?.stop(), ...cleanUps.map((clean) => clean())]);
    await rm(folder, { recursive: true, force: true });
  });

  async function done(query: string, variables: Record<string, unknown>, token = people.token()) {
    const { data, errors } = await purser.graphql(query, variables, token);
    expect(errors).toBeUndefined();
    return data;
  }
  async function issue(input: object, token?: string) {
    const asked = { image: `${registry.host}/team/web:1`, pipeline: 'web/build', ...input };
    return (await done(ISSUE, { input: asked }, token)).issueCredential;
  }
  async function skopeo(dockerConfig: string, registryToken?: string): Promise<Skopeo> {
    const { host, certsDir } = registry;
    const made = await createSkopeo({ login: { dockerConfig }, registryToken, host, certsDir, environment: {} });
    cleanUps.push(made.remove);
    return made;
  }
  const latest = async () => (await done(AUDIT, {})).auditLog.nodes[0];

  it('pulls its repository, cannot push there, and cannot pull another', async () => {
    const issued = await issue({ form: 'REGISTRY_TOKEN' });
    expect(issued).toMatchObject({ form: 'REGISTRY_TOKEN', expirySource: 'REGISTRY' });
    expect(issued.lease.expiresAt).toBe(issued.expiresAt);
    expect(Date.parse(issued.expiresAt) - Date.now()).toBeLessThanOrEqual(300_000);

    const client = await skopeo('{}', issued.password);
    const pulled = join(folder, 'pulled');
    expect(await client.pull('team/web:1', pulled)).toMatchObject({ exitCode: 0 });
    expect(await digestOfOciImage(pulled)).toBe(await digestOfOciImage(image));
    for (const run of [client.push(image, 'team/web:2'), client.pull('team/secret:1', join(folder, 'secret'))]) {
      const { exitCode, output } = await run;
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(/denied|unauthorized|authentication required/i);
    }
    const { changes } = await latest();
    expect(changes).toContainEqual({ field: 'form', to: 'REGISTRY_TOKEN' });
  });

  it('for pushing pushes to its repository and to no other', async () => {
    const { password: token } = await issue({ form: 'REGISTRY_TOKEN', purpose: 'PUSH' });
    const client = await skopeo('{}', token);
    expect(await client.push(image, 'team/web:3')).toMatchObject({ exitCode: 0 });
    expect((await client.push(image, 'team/secret:3')).exitCode).not.toBe(0);
  });

  it('is issued by the command line', async () => {
    const environment = { PURSER_URL: purser.url, PURSER_PROJECT: 'demo', PURSER_TOKEN: people.token() };
    const ask = ['issue', `${registry.host}/team/web:1`, '--pipeline', 'web/build', '--form', 'registry-token'];
    const { code, stdout } = await printed(environment, ...ask);
    const { form, password: token } = JSON.parse(stdout);
    expect([code, form, await manifestStatus('team/web', token)]).toEqual([0, 'REGISTRY_TOKEN', 200]);
  });

  it('stands in the file where BuildKit reads it; skopeo does not, and is let in nowhere', async () => {
    const { dockerConfigJson } = await issue({ form: 'REGISTRY_TOKEN' });
    const { registrytoken } = JSON.parse(dockerConfigJson).auths[registry.host];
    expect(await manifestStatus('team/web', registrytoken)).toBe(200);
    expect(await manifestStatus('team/secret', registrytoken)).toBe(401);
    const client = await skopeo(dockerConfigJson);
    expect((await client.pull('team/web:1', join(folder, 'by-file'))).exitCode).not.toBe(0);
  });

  it('is what a job gets whose rule is for pulling only; clients that cannot use one get nothing', async () => {
    const rule = {
      name: 'web',
      issuer: github.issuer,
      matches: [{ claim: 'repository_id', equals: ['74'] }],
      permissions: ['iam:project:cicd:registry:use'],
      pipelineClaim: 'workflow_ref',
    };
    await done(CREATE_RULE, { input: rule });
    const { form, password: token } = await issue({ form: 'PASSWORD' }, github.token());
    expect([form, await manifestStatus('team/web', token)]).toEqual(['REGISTRY_TOKEN', 200]);
    expect(await latest()).toMatchObject({ outcome: 'SUCCEEDED', identity: { ruleName: 'web' } });
    for (const ask of [dockerAsk(registry.host, github.token()), externalSecretsAsk(registry.host, github.token())]) {
      const { status, text } = await askFor(purser, ask);
      expect([status, text]).toEqual([403, expect.stringContaining('ask `issueCredential` for an image')]);
    }
  });

  it('is not made of a login that the token server refuses, and the error says so', async () => {
    const url = registry.host.replace('localhost', '127.0.0.1');
    const { host: authRealmHost } = new URL(tokens.login.realm);
    const entry = { url, username: 'robot', password: canary('wrong'), caCertificate, authRealmHost };
    await done(CREATE, { input: entry });
    const input = { image: `${url}/team/web`, pipeline: 'web/build', form: 'REGISTRY_TOKEN' };
    const { errors } = await purser.graphql(ISSUE, { input }, people.token());
    expect(errors?.[0]?.extensions.code).toBe('CREDENTIAL_UNAVAILABLE');
    expect(errors?.[0]?.message).toMatch(/made no token for team\/web .*AUTHENTICATION_FAILED.*docker login/);
    expect(await latest()).toMatchObject({ outcome: 'FAILED', code: 'CREDENTIAL_UNAVAILABLE', image: input.image });
  });

  /** As BuildKit pulls: it sends the token of the file and asks for no other. */
  function manifestStatus(repository: string, token: string): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' };
    const url = `https://${registry.host}/v2/${repository}/manifests/1`;
    return new Promise((resolve, reject) => {
      const request = get(url, { ca: caCertificate, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
    });
  }
});
