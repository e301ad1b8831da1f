import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import {
  type Ask,
  type AskAnswer,
  askFor,
  dockerAsk,
  externalSecretsAsk,
  kubeletAsk,
} from '../support/credential-asks.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { AUDIT, CREATE, DELETE, LEASES } from './operations.ts';

const USE = ['iam:project:cicd:registry:use'];
const NOT_FOUND = 'credentials not found in native keychain\n';
const [first, hub] = [canary('protocols'), canary('hub')];

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({ environment: { CALLER_ISSUES_PER_MINUTE: '0' } });
  for (const [url, password] of [
    ['registry.example:5000', first],
    ['docker.io', hub],
  ]) {
    await purser.graphql(CREATE, { input: { url, username: 'ada', password } });
  }
});
afterAll(() => purser.stop());

const tokenOf = (subject: string, claims: Record<string, unknown> = {}) =>
  purser.token({ subject, projects: { demo: USE }, claims });
/** As the API server makes one for a pod (kubernetes, `pkg/serviceaccount/claims.go`). */
const podToken = (name: string, uid = `uid-of-${name}`) =>
  tokenOf(`system:serviceaccount:shop:${name}`, {
    'kubernetes.io': { namespace: 'shop', pod: { name, uid }, serviceaccount: { name, uid: `sa-${name}` } },
  });
const ask = (one: Ask): Promise<AskAnswer> => askFor(purser, one);
const leasesOf = async (filter: Record<string, unknown>) =>
  (await purser.graphql(LEASES, { filter: { activeOnly: false, ...filter } })).data.leases.nodes;
const auditOf = async (filter: Record<string, unknown>, first = 100) =>
  (await purser.graphql(AUDIT, { filter, first })).data.auditLog;

describe('a credential helper over HTTP', () => {
  it('answers as the helper prints, under a lease of pipeline and run', async () => {
    const query = 'project=demo&pipeline=web/deploy&runId=17&purpose=PUSH&ttlSeconds=600';
    const answer = await ask(dockerAsk('registry.example:5000\n', tokenOf('helper'), query));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ ServerURL: 'registry.example:5000', Username: 'ada', Secret: first });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [lease, ...others] = await leasesOf({ pipeline: 'web/deploy' });
    expect(others).toEqual([]);
    expect(lease).toMatchObject({ runId: '17', purpose: 'PUSH', issuedTo: 'helper', url: 'registry.example:5000' });
    expect(Date.parse(lease.expiresAt) - Date.parse(lease.issuedAt)).toBe(600_000);
  });

  it('knows Docker Hub by the URL that clients have for it', async () => {
    const { json } = await ask(dockerAsk('https://index.docker.io/v1/', tokenOf('helper')));
    expect(json).toEqual({ ServerURL: 'https://index.docker.io/v1/', Username: 'ada', Secret: hub });
    expect(await leasesOf({ pipeline: 'helper' })).toMatchObject([{ url: 'docker.io', runId: null, purpose: 'PULL' }]);
  });

  it("says the helper's own sentence with 404 only if there is no such registry", async () => {
    for (const key of ['ghcr.io', 'https://index.docker.io/v1/refresh-token']) {
      const { status, text } = await ask(dockerAsk(key, tokenOf('helper')));
      expect({ key, status, text }).toEqual({ key, status: 404, text: NOT_FOUND });
    }
    for (const refused of [
      dockerAsk('registry.example:5000', 'x'),
      dockerAsk('registry.example:5000', tokenOf('helper'), 'project=other'),
      dockerAsk('', tokenOf('helper')),
      dockerAsk('registry.example:5000', tokenOf('helper'), 'project=demo&ttlSeconds=1'),
    ]) {
      const { status, text } = await ask(refused);
      expect(status).not.toBe(404);
      expect(text).toMatch(/^Purser refused this \([A-Z_]+\): /);
      expect(text).not.toContain('native keychain');
    }
  });
});

describe('the kubelet', () => {
  it('gets a response that it can use, for the pod that its token is of', async () => {
    const { status, json } = await ask(kubeletAsk('registry.example:5000/shop/cart:1', podToken('cart')));
    expect(status).toBe(200);
    expect(json).toEqual({
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderResponse',
      cacheKeyType: 'Image',
      cacheDuration: expect.stringMatching(/^\d+s$/),
      auth: { 'registry.example:5000': { username: 'ada', password: first } },
    });
    const [lease] = await leasesOf({ pipeline: 'system:serviceaccount:shop:cart' });
    expect(lease).toMatchObject({ runId: 'uid-of-cart', purpose: 'PULL', image: 'registry.example:5000/shop/cart:1' });
    const cached = Number.parseInt(json.cacheDuration, 10) * 1000;
    expect(Date.now() + cached).toBeLessThanOrEqual(Date.parse(lease.expiresAt));
    expect(cached).toBeGreaterThan(3_500_000);
  });

  it('keeps what it got no longer than the lease, whatever is left of it', async () => {
    const query = 'project=demo&ttlSeconds=60';
    const token = podToken('short');
    const [before] = [await ask(kubeletAsk('docker.io/library/alpine', token, query))];
    expect(before?.json.auth).toEqual({ 'docker.io': { username: 'ada', password: hub } });
    const [lease] = await leasesOf({ pipeline: 'system:serviceaccount:shop:short' });
    const { json } = await ask(kubeletAsk('docker.io/library/alpine', token, query));
    expect(Number.parseInt(json.cacheDuration, 10) * 1000).toBeLessThanOrEqual(
      Date.parse(lease.expiresAt) - Date.now() + 1000,
    );
    expect(Number.parseInt(json.cacheDuration, 10)).toBeLessThan(60);
  });

  it('is given nothing for Docker Hub but its own credential, whatever an image without a host looks like', async () => {
    const token = podToken('bare');
    for (const image of ['registry.example:5000', 'registry.example:5000@sha256:'.concat('a'.repeat(64))]) {
      const { json } = await ask(kubeletAsk(image, token));
      expect(json.auth).toEqual({ 'docker.io': { username: 'ada', password: hub } });
    }
    const leases = await leasesOf({ pipeline: 'system:serviceaccount:shop:bare' });
    expect(leases).toMatchObject([{ url: 'docker.io', image: 'docker.io/library/registry.example:5000' }]);
  });

  it('leaves an entry also if its image is none', async () => {
    const { status } = await ask(kubeletAsk('https://registry.example/x', podToken('odd')));
    expect(status).toBe(422);
    const { nodes } = await auditOf({ actor: 'system:serviceaccount:shop:odd' });
    expect(nodes).toMatchObject([{ action: 'ISSUE_CREDENTIAL', outcome: 'FAILED', code: 'BAD_USER_INPUT' }]);
  });

  it('is told that there is none, to be asked again at the next pull', async () => {
    const { status, json } = await ask(kubeletAsk('ghcr.io/shop/cart', podToken('cart')));
    expect(status).toBe(200);
    expect(json).toMatchObject({ auth: null, cacheDuration: '0s', cacheKeyType: 'Image' });
  });

  it('is nobody without the token of the pod, whatever stands in Authorization', async () => {
    const image = 'registry.example:5000/shop/cart:1';
    const without = { ...kubeletAsk(image, undefined), token: tokenOf('node') };
    for (const one of [without, kubeletAsk(image, 'x.y.z'), { ...without, body: '{' }]) {
      const { status, text } = await ask(one);
      expect({ status, text }).toEqual({
        status: 401,
        text: 'Purser refused this (UNAUTHENTICATED): A valid token is needed.\n',
      });
    }
  });
});

describe('External Secrets Operator', () => {
  it('gets a docker configuration for a Secret, in which each registry is good for half a lease more', async () => {
    const query = 'project=demo&pipeline=shop/pull-secret&ttlSeconds=7200';
    const token = tokenOf('eso');
    const { status, json } = await ask(externalSecretsAsk('registry.example:5000/, docker.io', token, query));
    expect(status).toBe(200);
    const { auths } = JSON.parse(json.dockerconfigjson);
    const auth = (password: string) => ({ auth: Buffer.from(`ada:${password}`).toString('base64') });
    expect(auths).toEqual({ 'registry.example:5000': auth(first), 'https://index.docker.io/v1/': auth(hub) });
    expect(Date.parse(json.expiresAt) - Date.now()).toBeGreaterThan(3_600_000);
    expect(await leasesOf({ pipeline: 'shop/pull-secret' })).toHaveLength(2);
  });

  it('is told 404, which it takes for deleted, only of the one registry that it asked for', async () => {
    const token = tokenOf('eso');
    expect((await ask(externalSecretsAsk('ghcr.io', token))).status).toBe(404);
    const { status, text } = await ask(externalSecretsAsk(['docker.io', 'ghcr.io'], token));
    expect(status).toBe(422);
    expect(text).toContain('BAD_USER_INPUT');
    expect((await ask(externalSecretsAsk('', token))).status).toBe(422);
    expect((await ask(externalSecretsAsk('docker.io', token, 'project=other'))).status).toBe(403);
  });
});

describe('an ask that may not be', () => {
  it('is refused and not taken for an unknown registry, after which clients go on anonymously', async () => {
    const soon = new Date(Date.now() + 1_500).toISOString();
    for (const [url, more] of [
      ['pull.example', { access: 'PULL' }],
      ['expired.example', { expiresAt: soon }],
    ] as const) {
      const { errors } = await purser.graphql(CREATE, {
        input: { url, username: 'ada', password: canary('refused'), ...more },
      });
      expect(errors).toBeUndefined();
    }
    const push = await ask(dockerAsk('pull.example', tokenOf('pusher'), 'project=demo&purpose=PUSH'));
    expect({ status: push.status, text: push.text }).toEqual({
      status: 403,
      text: expect.stringMatching(
        /^Purser refused this \(FORBIDDEN\): This credential is registered for pulling only\./,
      ),
    });
    for (const one of [
      dockerAsk('expired.example', tokenOf('late')),
      kubeletAsk('expired.example/app', podToken('late')),
      externalSecretsAsk('expired.example', tokenOf('late')),
    ]) {
      const refusal = () => ask(one).then(({ status, text }) => `${status} ${text}`);
      await expect.poll(refusal, { timeout: 30_000 }).toMatch(/^409 Purser refused this \(CREDENTIAL_UNAVAILABLE\): /);
    }
  });

  it('is denied in the words of the client, and stands in the audit log with what it asked for', async () => {
    const token = purser.token({ subject: 'reader', projects: { demo: ['iam:project:cicd:registry:read'] } });
    for (const one of [
      dockerAsk('docker.io', token, 'project=demo&pipeline=p'),
      kubeletAsk('docker.io/library/alpine', token, 'project=demo&pipeline=p'),
      externalSecretsAsk('docker.io', token, 'project=demo&pipeline=p'),
    ]) {
      const { status, text, headers } = await ask(one);
      expect({ status, type: headers.get('content-type') }).toEqual({ status: 403, type: 'text/plain; charset=utf-8' });
      expect(text).toBe('Purser refused this (FORBIDDEN): You do not have the permission for this in this project.\n');
    }
    const { nodes } = await auditOf({ actor: 'reader', outcome: 'DENIED' });
    expect(nodes).toHaveLength(3);
    for (const node of nodes)
      expect(node).toMatchObject({ action: 'ISSUE_CREDENTIAL', url: 'docker.io', pipeline: 'p' });
  });

  it('is refused like any other once the registry is gone', async () => {
    const { data } = await purser.graphql(CREATE, {
      input: { url: 'gone.example', username: 'ada', password: canary('gone') },
    });
    const { id } = data.createRegistry.registry;
    await purser.graphql(DELETE, { id, input: { force: true } });
    expect((await ask(dockerAsk('gone.example', tokenOf('late')))).text).toBe(NOT_FOUND);
  });
});
