import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CLUSTER_RULE, CREATE_RULE, REGISTER } from '../service/trust-operations.ts';
import { canary } from '../support/canary.ts';
import { createCluster } from '../support/ci-issuers.ts';
import { askFor, kubeletAsk } from '../support/credential-asks.ts';
import { type Manifest, manifestsIn } from '../support/helm.ts';
import { typeFaults } from '../support/manifest-types.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createTestIssuer } from '../support/tokens.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROVIDER = join(ROOT, 'clients/purser-credential-provider');
const manifests = (path: string): Manifest[] =>
  manifestsIn(readFileSync(join(ROOT, 'integrations/kubernetes', path), 'utf8'));
const missing = skipReason('curl');
const [cluster, people] = [createCluster(), createTestIssuer()];
const password = canary('cluster');

/** kubernetes `staging/src/k8s.io/kubelet/config/v1/types.go`: a field that is not there stops the kubelet. */
const providerConfig = z.strictObject({
  apiVersion: z.literal('kubelet.config.k8s.io/v1'),
  kind: z.literal('CredentialProviderConfig'),
  providers: z.tuple([
    z.strictObject({
      name: z.string(),
      apiVersion: z.literal('credentialprovider.kubelet.k8s.io/v1'),
      matchImages: z.array(z.string()).min(1),
      defaultCacheDuration: z.string(),
      tokenAttributes: z.strictObject({
        serviceAccountTokenAudience: z.string(),
        cacheType: z.literal('Token'),
        requireServiceAccount: z.boolean(),
      }),
      env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    }),
  ]),
});

/** external-secrets `apis/externalsecrets/v1`, as far as this store and this secret need it. */
const store = z.strictObject({
  apiVersion: z.literal('external-secrets.io/v1'),
  kind: z.literal('SecretStore'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    provider: z.strictObject({
      webhook: z.strictObject({
        url: z.string(),
        method: z.literal('POST'),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        result: z.strictObject({ jsonPath: z.string().regex(/^\$\.\w+$/) }),
        timeout: z.string(),
        secrets: z.tuple([z.strictObject({ name: z.string(), secretRef: z.strictObject({ name: z.string() }) })]),
      }),
    }),
  }),
});
const externalSecret = z.strictObject({
  apiVersion: z.literal('external-secrets.io/v1'),
  kind: z.literal('ExternalSecret'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    refreshInterval: z.string().regex(/^\d+h$/),
    secretStoreRef: z.strictObject({ name: z.string(), kind: z.literal('SecretStore') }),
    target: z.strictObject({
      name: z.string(),
      creationPolicy: z.literal('Owner'),
      template: z.strictObject({ type: z.literal('kubernetes.io/dockerconfigjson') }),
    }),
    data: z.tuple([
      z.strictObject({ secretKey: z.literal('.dockerconfigjson'), remoteRef: z.strictObject({ key: z.string() }) }),
    ]),
  }),
});

/** The kubelet's pod has a shorter lease already, and all asks of a pod share theirs. */
const ANOTHER_POD = { 'kubernetes.io': { namespace: 'ci', pod: { name: 'operator', uid: 'operator' } } };

let purser: TestPurser;
beforeAll(async () => {
  const issuers = [people.issuerConfig, cluster.entry];
  purser = await startPurser({ environment: { JWT_ISSUERS: JSON.stringify(issuers) } });
  for (const url of ['ghcr.io', 'docker.io']) {
    const input = { url, username: 'robot', password, access: 'PULL' };
    expect((await purser.graphql(REGISTER, { input }, people.token())).errors).toBeUndefined();
  }
  expect((await purser.graphql(CREATE_RULE, { input: CLUSTER_RULE }, people.token())).errors).toBeUndefined();
});
afterAll(() => purser?.stop());

describe.skipIf(missing)(titled('the configuration of the kubelet', missing), () => {
  const [given, ...others] = manifestsIn(
    readFileSync(join(ROOT, 'integrations/kubernetes/kubelet/credential-provider-config.yaml'), 'utf8').replace(
      'kind: CredentialProviderConfig\n',
      'kind: CredentialProviderConfig\nmetadata: { name: none }\n',
    ),
  );
  const { metadata: _, ...config } = { ...given };
  const [provider] = providerConfig.parse(config).providers;

  it('is one that it reads, for one provider and each answer’s own time', () => {
    expect(others).toEqual([]);
    expect(provider.name).toBe('purser-credential-provider');
    expect(provider.defaultCacheDuration).toBe('0s');
    // A * stands for a whole label or a part of one, in the host.
    for (const pattern of provider.matchImages) expect(pattern).toMatch(/^(?:[a-z0-9*-]+\.)+[a-z0-9*-]+$/);
  });

  it('runs a provider that gets what the kubelet can use, for the pod whose token it sends', async () => {
    const { body } = kubeletAsk('ghcr.io/acme/app:1', cluster.token());
    const env = {
      PATH: '/usr/bin:/bin',
      ...Object.fromEntries(provider.env.map(({ name, value }) => [name, value])),
      PURSER_URL: purser.url,
    };
    const kubelet = spawn(PROVIDER, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = once(kubelet, 'close');
    const complaints = text(kubelet.stderr);
    kubelet.stdin.end(body);
    const answer = await json(kubelet.stdout).catch(async (error: unknown) => {
      throw new Error(await complaints, { cause: error });
    });
    expect(await ended).toEqual([0, null]);
    expect(answer).toMatchObject({
      apiVersion: provider.apiVersion,
      kind: 'CredentialProviderResponse',
      cacheKeyType: 'Image',
      auth: { 'ghcr.io': { username: 'robot', password } },
    });
  });

  it('asks for the audience that the RBAC lets nodes ask for, and the issuer has', async () => {
    const rbac = manifests('kubelet/rbac.yaml');
    expect(await typeFaults(rbac)).toBe('');
    const audience = provider.tokenAttributes.serviceAccountTokenAudience;
    const name = 'purser-kubelet-audience';
    expect(rbac).toMatchObject([
      {
        kind: 'ClusterRole',
        metadata: { name },
        rules: [{ apiGroups: [''], resources: [audience], verbs: ['request-serviceaccounts-token-audience'] }],
      },
      { kind: 'ClusterRoleBinding', roleRef: { name }, subjects: [{ kind: 'Group', name: 'system:nodes' }] },
    ]);
    const values = readFileSync(join(ROOT, 'integrations/kubernetes/values-example.yaml'), 'utf8');
    expect(values.match(/audience: (\S+)/g)).toEqual([`audience: ${audience}`, `audience: ${audience}`]);
  });
});

describe('the Secret of External Secrets Operator', () => {
  const [first, second] = manifests('external-secrets/pull-secret.yaml');
  const { webhook } = store.parse(first).spec.provider;
  const { metadata, spec } = externalSecret.parse(second);

  it('names its store, in its own namespace', () => {
    expect(first?.metadata).toEqual({ name: spec.secretStoreRef.name, namespace: metadata.namespace });
  });

  it('gets what pods can name in imagePullSecrets, good for twice as long as it is kept', async () => {
    const [{ name }] = webhook.secrets;
    const filled = (template: string) =>
      template
        .replaceAll('{{ .remoteRef.key }}', spec.data[0].remoteRef.key)
        .replaceAll(`{{ .${name}.token }}`, cluster.token({ claims: ANOTHER_POD }));
    const { pathname, search } = new URL(webhook.url);
    const headers = Object.fromEntries(Object.entries(webhook.headers).map(([key, value]) => [key, filled(value)]));
    const answer = await askFor(purser, { path: `${pathname}${search}`, headers, body: filled(webhook.body) });
    expect(answer.status).toBe(200);
    const secret = JSON.parse(answer.json[webhook.result.jsonPath.slice(2)]);
    const auth = Buffer.from(`robot:${password}`).toString('base64');
    expect(secret).toEqual({ auths: { 'ghcr.io': { auth }, 'https://index.docker.io/v1/': { auth } } });
    const refreshMs = Number.parseInt(spec.refreshInterval, 10) * 3_600_000;
    expect(Date.parse(answer.json.expiresAt) - Date.now()).toBeGreaterThanOrEqual(2 * refreshMs - 60_000);
  });
});
