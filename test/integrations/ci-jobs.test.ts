import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIT, CREATE_RULE, GITHUB_RULE, GITLAB_RULE, LEASES, REGISTER } from '../service/trust-operations.ts';
import { canary } from '../support/canary.ts';
import { AUDIENCE, createGithub, createGitlab } from '../support/ci-issuers.ts';
import { type CiJob, githubJob, gitlabJob } from '../support/ci-runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createTestIssuer } from '../support/tokens.ts';

const CLIENTS = join(import.meta.dirname, '../../clients');
const missing = skipReason('curl', 'docker-registry', 'htpasswd', 'openssl', 'shellcheck', 'skopeo');
const [github, gitlab, people] = [createGithub(), createGitlab(), createTestIssuer()];
const PURPOSES = ['PULL', 'PUSH'];
const MAIN = { claim: 'ref', equals: ['refs/heads/main'] };

const SYSTEMS = [
  {
    system: 'GitHub',
    start: githubJob,
    issuer: github,
    rule: { ...GITHUB_RULE, matches: [GITHUB_RULE.matches[0], GITHUB_RULE.matches[2], MAIN], purposes: PURPOSES },
    lease: { pipeline: 'octo/web/.github/workflows/build.yml@refs/heads/main', runId: '1742' },
  },
  {
    system: 'GitLab',
    start: gitlabJob,
    issuer: gitlab,
    rule: GITLAB_RULE,
    lease: { pipeline: 'group/web', runId: '574' },
  },
] as const;

describe.skipIf(missing)(titled('a job without a stored token', missing), () => {
  let purser: TestPurser;
  let folder: string;
  let image: string;
  let digests: { helper: string; job: string };
  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await purser.graphql(query, variables, people.token());
    expect(errors).toBeUndefined();
    return data;
  };
  const digestOf = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(CLIENTS, name)))
      .digest('hex');

  beforeAll(async () => {
    const issuers = [people.issuerConfig, github.entry, gitlab.entry];
    purser = await startPurser({
      environment: { JWT_ISSUERS: JSON.stringify(issuers), EGRESS_ALLOW: 'localhost,127.0.0.0/8' },
    });
    folder = await mkdtemp(join(tmpdir(), 'purser-jobs-'));
    image = join(folder, 'image');
    await writeOciImage(image, 'built by a job');
    digests = { helper: await digestOf('docker-credential-purser'), job: await digestOf('purser-job') };
    for (const { rule } of SYSTEMS) await ask(CREATE_RULE, { input: rule });
  });
  afterAll(async () => {
    await purser?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** One story in several steps: each starts where the one before it ended. */
  describe.each(SYSTEMS)('of $system', ({ start, issuer, lease }) => {
    let registry: DockerRegistry;
    let job: CiJob;
    const password = canary('ci-job');
    const token = (audience: string) => issuer.token({ claims: { aud: audience } });
    const startJob = (pinned = digests) => start({ url: purser.url, digests: pinned, token, audience: AUDIENCE });
    const push = () =>
      job.step([
        'skopeo',
        '--insecure-policy',
        'copy',
        '--dest-cert-dir',
        registry.certsDir ?? '',
        `oci:${image}:latest`,
        `docker://${registry.host}/team/app:1`,
      ]);

    beforeAll(async () => {
      registry = await startDockerRegistry();
      await registry.setPassword('robot', password);
      const { host: url, caCertificate } = registry;
      await ask(REGISTER, { input: { url, username: 'robot', password, caCertificate } });
      job = await startJob();
    });
    afterAll(() => Promise.all([job?.remove(), registry?.stop()]));

    it('ends at the login if the clients are others than those that it pinned, and keeps none of them', async () => {
      const other = await startJob({ ...digests, job: digests.helper });
      const login = await other.login(registry.host);
      expect(login.exitCode).not.toBe(0);
      expect(login.output).toContain('purser-job: FAILED');
      expect((await other.step(['purser-job', 'release'])).exitCode).toBe(127);
      await other.remove();
    });

    it('logs in, and pushes with the helper under the one lease of its run', async () => {
      expect(await job.login(registry.host)).toMatchObject({ exitCode: 0 });
      expect(await push()).toMatchObject({ exitCode: 0 });
      const { leases } = await ask(LEASES);
      expect(leases.nodes).toMatchObject([lease]);
      // Later steps may belong to others: nothing but names and ids is left for them.
      const [{ id }] = leases.nodes;
      expect(await job.keeps(id)).toBe(true);
      for (const secret of ['eyJ', password]) expect(await job.keeps(secret)).toBe(false);
    });

    it('reports that the registry refuses what it was given', async () => {
      await registry.setPassword('robot', canary('rotated-at-the-registry'));
      const { exitCode, output } = await push();
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(/unauthorized|authentication required/i);
      expect(await job.report(registry.host)).toMatchObject({ exitCode: 0 });
      const { auditLog } = await ask(AUDIT, { action: 'REPORT_AUTHENTICATION_FAILURE' });
      expect(auditLog.nodes).toMatchObject([{ outcome: 'SUCCEEDED', ...lease }]);
    });

    it('gives its lease back, and a second time does nothing', async () => {
      expect(await job.release()).toMatchObject({ exitCode: 0 });
      expect((await ask(LEASES)).leases.nodes).toEqual([]);
      expect(await job.release()).toMatchObject({ exitCode: 0 });
    });

    it('ends at the login with what Purser says, for a registry that is not there, and keeps no other lease', async () => {
      const other = await startJob();
      const { exitCode, output } = await other.login(`${registry.host} absent.example`);
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(/purser-job: Purser refused this \(NOT_FOUND\): /);
      await other.release();
      expect((await ask(LEASES)).leases.nodes).toEqual([]);
      await other.remove();
    });

    it('runs shell that shellcheck has nothing to say of', async () => {
      for (const [index, script] of job.scripts.entries()) {
        const file = join(folder, `step-${index}.sh`);
        await writeFile(file, script);
        const checked = await promisify(execFile)('shellcheck', [file]).catch((error: { stdout: string }) => error);
        expect(checked.stdout).toBe('');
      }
    });
  });

  it('purser-job is shell that shellcheck has nothing to say of', async () => {
    const checked = await promisify(execFile)('shellcheck', ['--shell', 'sh', join(CLIENTS, 'purser-job')]);
    expect(checked.stdout).toBe('');
  });

  it.each(['bash', 'dash', 'busybox sh'])('purser-job says how it is called, in %s', async (shell) => {
    const [program = '', ...args] = [...shell.split(' '), join(CLIENTS, 'purser-job')];
    await expect(promisify(execFile)(program, args)).rejects.toMatchObject({
      stderr: expect.stringContaining('usage:'),
    });
  });
});
