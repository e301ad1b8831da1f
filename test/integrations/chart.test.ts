import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createCluster } from '../support/ci-issuers.ts';
import { type DelayingProxy, startDelayingProxy } from '../support/delaying-proxy.ts';
import { createHelm, type Helm, helmIsMissing, type Manifest } from '../support/helm.ts';
import { typeFaults } from '../support/manifest-types.ts';
import { type PodProcess, type PodSpec, podSpecOf, runPod } from '../support/pod.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { serverOf, throughPort } from '../support/server-databases.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHART = join(ROOT, 'integrations/kubernetes/chart');
const VALUES = join(ROOT, 'integrations/kubernetes/values-example.yaml');
/** Within which the service ends after SIGTERM (docs/operations.md). */
const STOPS_WITHIN_SECONDS = Number(/ends itself, within (\d+) seconds/.exec(read('docs/operations.md'))?.[1]);
const missing = helmIsMissing ?? skipReason('python3');

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const labels = z.record(z.string(), z.string());
const selecting = z.object({ spec: z.object({ selector: z.union([z.object({ matchLabels: labels }), labels]) }) });

describe.skipIf(missing)(titled('the Helm chart', missing), () => {
  let helm: Helm;
  let manifests: Manifest[];
  let spec: PodSpec;
  beforeAll(async () => {
    helm = await createHelm();
    manifests = await helm.render(CHART, VALUES);
    spec = podSpecOf(one('Deployment'));
  });
  afterAll(() => helm?.remove());

  function one(kind: string, among = manifests): Manifest {
    const [found, ...others] = among.filter((manifest) => manifest.kind === kind);
    if (found === undefined || others.length > 0) throw new Error(`not one ${kind}, but ${others.length + 1}`);
    return found;
  }

  it('passes Helm’s linter', async () => {
    expect(await helm.lint(CHART, VALUES)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  it('gives what the published types of Kubernetes know, and no other field', async () => {
    const kinds = manifests.map(({ kind }) => kind).sort();
    const expected = [
      'ConfigMap',
      'Deployment',
      'Ingress',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ];
    expect(kinds).toEqual(expected);
    expect(await typeFaults(manifests)).toBe('');
    const misspelt = JSON.parse(JSON.stringify(manifests).replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem'));
    expect(await typeFaults(misspelt)).toContain('readOnlyRootFileSystem');
  });

  it.each([
    ['a variable that is not known', 'settings.EGRES_ALLOW=x', 'EGRES_ALLOW'],
    ['a secret among the settings', 'settings.WEBHOOKS=x', 'WEBHOOKS'],
    ['no issuer', 'jwtIssuers=null', 'jwtIssuers'],
    ['a value that is not known', 'replica=3', 'replica'],
    ['a secret variable without its Secret', 'secretSettings.secretName=', 'which Secret holds these variables'],
  ])('refuses %s', async (_, override, named) => {
    await expect(helm.render(CHART, VALUES, [override])).rejects.toThrow(named);
  });

  it('gives the pod no right that it does not need', () => {
    expect(one('Deployment')).toMatchObject({
      spec: {
        template: {
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      },
    });
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });

  it('keeps one replica while another is replaced or its node is drained', () => {
    expect(one('Deployment')).toMatchObject({
      spec: { replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } },
    });
    expect(one('PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: 1 } });
    const [{ lifecycle }] = spec.containers;
    const waits = Number(lifecycle.preStop.exec.command[1]);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(waits + STOPS_WITHIN_SECONDS);
  });

  it('selects its own pods by labels that they have, and opens ports that they name', () => {
    const podLabels = z
      .object({ spec: z.object({ template: z.object({ metadata: z.object({ labels }) }) }) })
      .parse(one('Deployment')).spec.template.metadata.labels;
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget']) {
      const { selector } = selecting.parse(one(kind)).spec;
      expect(podLabels, kind).toMatchObject('matchLabels' in selector ? Object(selector.matchLabels) : selector);
    }
    expect(one('NetworkPolicy')).toMatchObject({
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'purser' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port: 'http' }] }, { ports: [{ port: 'metrics' }], from: [{}] }],
        egress: [
          { ports: [{ port: 53 }, { port: 53 }] },
          { ports: [{ port: 5432 }], to: [{ podSelector: { matchLabels: { app: 'postgres' } } }] },
          { ports: [{ port: 443 }], to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }] },
          { ports: [{ port: 443 }], to: [{ ipBlock: { cidr: '10.20.0.0/16' } }] },
        ],
      },
    });
    expect(one('Service')).toMatchObject({ spec: { ports: [{ targetPort: 'http' }] } });
    expect(spec.containers[0].ports).toEqual([
      { name: 'http', containerPort: 4000 },
      { name: 'metrics', containerPort: 9464 },
    ]);
  });

  it('begins a rollout if the issuers change, and not if nothing does', async () => {
    const template = (among: Manifest[]) => JSON.stringify(Object(one('Deployment', among)).spec.template);
    expect(template(await helm.render(CHART, VALUES))).toBe(template(manifests));
    const others = await helm.render(CHART, VALUES, ['jwtIssuers[0].audience=https://other.example.com']);
    expect(template(others)).not.toBe(template(manifests));
  });

  describe.runIf(process.getuid?.() === 0)('as a pod', () => {
    const pods: PodProcess[] = [];
    let database: DelayingProxy;
    let url: string;
    beforeAll(async () => {
      // By TCP: the socket of the tests' Postgres is closed to other users.
      const { connectionString } = await createTestDatabase();
      database = await startDelayingProxy(serverOf(connectionString));
      url = throughPort(connectionString, database.port);
    });
    afterAll(async () => {
      await Promise.all(pods.map((pod) => pod.remove()));
      await database.close();
    });

    async function start(as: PodSpec): Promise<PodProcess> {
      const pod = await runPod(as, {
        secrets: {
          'purser-master-key': { 'master-key': `1 ${randomBytes(32).toString('base64')}\n` },
          'purser-database': { url },
          'purser-settings': { WEBHOOKS: '[]' },
        },
        configMaps: { purser: { 'jwt-issuers.json': JSON.stringify([createCluster().entry]) } },
        environment: { PORT: '0', METRICS_PORT: '0' },
      });
      pods.push(pod);
      return pod;
    }

    it('runs the service as its user, which answers each probe, and ends in the time that it is given', async () => {
      const pod = await start(spec);
      const { process: service } = pod;
      const addresses = () =>
        /"url":"([^"]+)","metricsUrl":"([^"]+)"/.exec(pod.output().replaceAll('0.0.0.0', '127.0.0.1'));
      await until(async () => addresses() !== null || service.exitCode !== null);
      const [, http = '', metrics = ''] = addresses() ?? [pod.output()];
      const byPort: Readonly<Record<string, string>> = { http, metrics };
      const [{ startupProbe, livenessProbe, readinessProbe }] = spec.containers;
      const statusOf = async ({ httpGet: { path, port } }: typeof startupProbe) =>
        (await fetch(`${byPort[port]}${path}`)).status;
      expect(await statusOf(startupProbe)).toBe(200);
      expect(await statusOf(livenessProbe)).toBe(200);
      await until(async () => (await statusOf(readinessProbe)) === 200);
      expect((await fetch(`${metrics}/metrics`)).status).toBe(200);
      expect((await fetch(`${http}/metrics`)).status).toBe(404);
      const ended = once(service, 'exit');
      service.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    });

    it('(negative control) does not start without the group that gives it the key file', async () => {
      const { fsGroup, ...securityContext } = spec.securityContext;
      expect(fsGroup).toBe(spec.securityContext.runAsGroup);
      const pod = await start({ ...spec, securityContext });
      await until(async () => pod.process.exitCode !== null);
      expect(pod.output()).toMatch(/The key file .*\/master-key cannot be opened: EACCES/);
    });
  });
});
