import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER_RULE, CREATE_RULE, GITHUB_RULE, GITLAB_RULE, REGISTER } from '../service/trust-operations.ts';
import { canary } from '../support/canary.ts';
import { AUDIENCE, createCluster, createGithub, createGitlab } from '../support/ci-issuers.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { type AskedServer, startAskedServer } from './asked-server.ts';
import { createShellMachines, type ShellMachines, scriptOf, TOOLS_OF_SCRIPTS } from './shell-machines.ts';

const missing = skipReason(...TOOLS_OF_SCRIPTS);
const HELPER = 'docker-credential-purser';
const LEASES = '{ leases(projectId: "demo", first: 1) { nodes { pipeline runId issuedTo } } }';
const [github, gitlab, cluster, people] = [createGithub(), createGitlab(), createCluster(), createTestIssuer()];
const password = canary('for-jobs');

const RULES = [GITHUB_RULE, GITLAB_RULE, CLUSTER_RULE];

/** All clients are fetched from the service, by callers without a token and without Node. */
describe.skipIf(missing)(titled('a job without a token of Purser', missing), () => {
  let folder: string;
  let purser: TestPurser;
  let runner: AskedServer;
  let machines: ShellMachines;
  let claims: Record<string, unknown> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-jobs-'));
    machines = await createShellMachines();
    const issuers = [people.issuerConfig, github.entry, gitlab.entry, cluster.entry];
    purser = await startPurser({ environment: { JWT_ISSUERS: JSON.stringify(issuers) } });
    runner = await startAskedServer(({ url }, response) => {
      const value = github.token({ claims: { aud: url.searchParams.get('audience'), ...claims } });
      response.end(JSON.stringify({ count: value.length, value }));
    });
    const input = { url: 'pull.example', username: 'robot', password, access: 'PULL' };
    await mutate(REGISTER, input);
    for (const rule of RULES) await mutate(CREATE_RULE, rule);
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), runner?.stop(), machines?.remove()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function mutate(query: string, input: object): Promise<void> {
    expect((await purser.graphql(query, { input }, people.token())).errors).toBeUndefined();
  }

  const get = (environment: Record<string, string>) =>
    machines.run(HELPER, ['dash', 'curl'], {
      args: ['get'],
      input: 'pull.example',
      environment: { PURSER_URL: purser.url, PURSER_PROJECT: 'demo', ...environment },
    });
  const ofGithub = () => ({
    PURSER_AUDIENCE: AUDIENCE,
    ACTIONS_ID_TOKEN_REQUEST_URL: `${runner.url}/?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
  });
  const latestLease = async () => (await purser.graphql(LEASES, {}, people.token())).data.leases.nodes[0];
  const credential = { ServerURL: 'pull.example', Username: 'robot', Secret: password };

  it('gets the helper by the lines of the documentation, and only the one with the digest it knows', async () => {
    const lines = /```sh\n(curl -fsSo docker-credential-purser.*?)```/s.exec(
      await readFile('docs/clients.md', 'utf8'),
    )?.[1];
    const digest = createHash('sha256')
      .update(await readFile(scriptOf(HELPER)))
      .digest('hex');
    for (const [pinned, installed] of [
      [digest, true],
      ['0'.repeat(64), false],
    ] as const) {
      const bin = join(folder, pinned, 'bin');
      await mkdir(bin, { recursive: true });
      const script = lines?.replace('<SHA-256>', pinned).replace('/usr/local/bin/', `${bin}/`) ?? '';
      const fetched = promisify(execFile)('/bin/sh', ['-c', script], {
        cwd: join(folder, pinned),
        env: { PATH: process.env.PATH, PURSER_URL: purser.url },
      });
      expect(
        await fetched.then(
          () => true,
          () => false,
        ),
      ).toBe(installed);
      const mode = await stat(join(bin, HELPER)).then(
        (found) => found.mode & 0o777,
        () => undefined,
      );
      expect(mode).toBe(installed ? 0o755 : undefined);
    }
  });

  it('is the job that GitHub says it is', async () => {
    const { stdout } = await get({ ...ofGithub(), PURSER_PIPELINE: 'as-it-says', PURSER_RUN_ID: 'as-it-says' });
    expect(JSON.parse(stdout)).toEqual(credential);
    expect(await latestLease()).toMatchObject({
      pipeline: 'octo/web/.github/workflows/build.yml@refs/heads/main',
      runId: '1742',
    });
  });

  it('is refused as a job of another repository, or with a token for others, whatever it does in outages', async () => {
    claims = { repository_id: '75' };
    const other = await get({ ...ofGithub(), PURSER_ON_UNAVAILABLE: 'anonymous' });
    expect(other).toMatchObject({ stdout: expect.stringMatching(/: Purser refused this \(FORBIDDEN\): /), code: 1 });
    claims = {};
    const elsewhere = { ...ofGithub(), PURSER_AUDIENCE: 'https://cloud.example', PURSER_ON_UNAVAILABLE: 'anonymous' };
    expect((await get(elsewhere)).stdout).toMatch(/: Purser refused this \(UNAUTHENTICATED\): /);
  });

  it('is the pipeline of GitLab whose variable it has', async () => {
    expect(JSON.parse((await get({ PURSER_ID_TOKEN: gitlab.token() })).stdout)).toEqual(credential);
    expect(await latestLease()).toMatchObject({ pipeline: 'group/web', runId: '574' });
  });

  it('is the pod whose token is in its file at that time', async () => {
    const file = join(folder, 'token');
    const ofPod = { PURSER_TOKEN_FILE: file };
    await writeFile(file, cluster.token({ ttlSeconds: -60 }));
    await chmod(file, 0o600);
    expect((await get(ofPod)).stdout).toMatch(/UNAUTHENTICATED/);
    await writeFile(file, cluster.token());
    expect(JSON.parse((await get(ofPod)).stdout)).toEqual(credential);
    expect(await latestLease()).toMatchObject({
      pipeline: 'system:serviceaccount:ci:build',
      runId: '5e0bd49b-f040-43b0-99b7-22765a53f7f3',
    });
  });

  it("is the service account of the kubelet's request", async () => {
    const ask = (serviceAccountToken: string) =>
      machines.run('purser-credential-provider', ['busybox', 'wget'], {
        args: [],
        input: JSON.stringify({
          apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
          kind: 'CredentialProviderRequest',
          image: 'pull.example/team/app:1',
          serviceAccountToken,
          serviceAccountAnnotations: {},
        }),
        environment: { PURSER_URL: purser.url, PURSER_PROJECT: 'demo' },
      });
    const { stdout, code } = await ask(cluster.token());
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      kind: 'CredentialProviderResponse',
      auth: { 'pull.example': { username: 'robot', password } },
    });
    expect(await latestLease()).toMatchObject({
      pipeline: 'system:serviceaccount:ci:build',
      runId: '5e0bd49b-f040-43b0-99b7-22765a53f7f3',
    });
    const another = await ask(cluster.token({ claims: { sub: 'system:serviceaccount:ci:other' } }));
    expect(another).toEqual({ stdout: '', stderr: expect.stringMatching(/FORBIDDEN/), code: 1 });
  });
});
