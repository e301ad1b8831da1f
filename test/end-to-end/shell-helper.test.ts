import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type ClientHome, createClientHome } from '../support/client-home.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { createImageStore, type ImageStore, notRoot } from '../support/image-store.ts';
import { digestOfOciImage, writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createSkopeo, type Skopeo } from '../support/skopeo.ts';

const SCRIPT = fileURLToPath(new URL('../../clients/docker-credential-purser', import.meta.url));
const STORES = ['buildah', 'podman'] as const;
const missing = skipReason(...STORES, 'curl', 'docker-registry', 'htpasswd', 'openssl', 'skopeo');
const LEASES =
  'query ($pipeline: String!) { leases(projectId: "demo", filter: { pipeline: $pipeline }) { nodes { runId purpose issuedTo } } }';
const LEASE = { runId: '1742', purpose: 'PUSH', issuedTo: 'runner' };

/** One story in several steps: each starts where the one before it ended. */
describe.skipIf(missing)(titled('a pipeline on a machine without Node', missing), () => {
  const password = canary('shell-helper');
  let purser: TestPurser;
  let registry: DockerRegistry;
  let skopeo: Skopeo;
  let folder: string;
  let digest: string;
  const homes: ClientHome[] = [];
  const stores: Partial<Record<(typeof STORES)[number], ImageStore>> = {};

  const options = (pipeline: string) => ({
    login: { script: SCRIPT },
    host: registry.host,
    environment: {
      PURSER_URL: purser.url,
      PURSER_TOKEN: purser.token({ projects: { demo: ['iam:project:cicd:registry:use'] }, subject: 'runner' }),
      PURSER_PROJECT: 'demo',
      PURSER_PIPELINE: pipeline,
      PURSER_RUN_ID: '1742',
      PURSER_PURPOSE: 'PUSH',
    },
  });
  const leasesOf = async (pipeline: string) => (await purser.graphql(LEASES, { pipeline })).data.leases.nodes;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-shell-'));
    [purser, registry, digest] = await Promise.all([
      startPurser(),
      startDockerRegistry(),
      writeOciImage(join(folder, 'image'), 'built without Node'),
    ]);
    await registry.setPassword('robot', password);
    skopeo = await createSkopeo({ ...options('skopeo'), certsDir: registry.certsDir });
    for (const program of STORES) {
      const home = await createClientHome(options(program));
      homes.push(home);
      stores[program] = await createImageStore(program, home, registry.certsDir);
    }
  });
  afterAll(async () => {
    await Promise.allSettled([
      purser?.stop(),
      registry?.stop(),
      skopeo?.remove(),
      ...homes.map((home) => home.remove()),
    ]);
    await rm(folder, { recursive: true, force: true });
  });

  it('is refused by the registry while Purser does not know it', async () => {
    const { exitCode, output } = await skopeo.push(join(folder, 'image'), 'team/app:1');
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/unauthorized|authentication required/i);
  });

  it('pushes and pulls its image by skopeo with the login of Purser, under one lease', async () => {
    const input = { url: registry.host, username: 'robot', password };
    const { errors } = await purser.graphql(
      'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
      { input },
    );
    expect(errors).toBeUndefined();
    expect(await skopeo.push(join(folder, 'image'), 'team/app:1')).toMatchObject({ exitCode: 0 });
    expect(await skopeo.pull('team/app:1', join(folder, 'pulled'))).toMatchObject({ exitCode: 0 });
    expect(await digestOfOciImage(join(folder, 'pulled'))).toBe(digest);
    expect(await leasesOf('skopeo')).toEqual([LEASE]);
  });

  describe.skipIf(notRoot)(titled('with stores of images', notRoot), () => {
    it.each(STORES)('pushes and pulls its image by %s, under one lease', async (program) => {
      const image = `${registry.host}/team/${program}:1`;
      const pushed = await stores[program]?.push(join(folder, 'image'), image);
      expect(pushed).toEqual({ exitCode: 0, output: expect.any(String) });
      const pulled = await stores[program]?.pull(image);
      expect(pulled).toEqual({ exitCode: 0, output: expect.any(String) });
      expect(lastLine(pulled?.output)).toMatch(/^[0-9a-f]{64}$/);
      expect(lastLine(pulled?.output)).toBe(lastLine(pushed?.output));
      expect(await leasesOf(program)).toEqual([LEASE]);
    });
  });

  it('stops with what its helper says if Purser is not there', async () => {
    await purser.stop();
    const { exitCode, output } = await skopeo.pull('team/app:1', join(folder, 'again'));
    expect(exitCode).not.toBe(0);
    expect(output).toContain('docker-credential-purser: Purser did not answer this');
    expect(output).not.toContain(password);
  });

  describe.skipIf(notRoot)(titled('with stores of images, without Purser', notRoot), () => {
    it.each(STORES)('stops %s, or lets it go on without a login, as the pipeline says', async (program) => {
      const image = `${registry.host}/team/${program}:1`;
      const stopped = await stores[program]?.pull(image);
      expect(stopped?.exitCode).not.toBe(0);
      expect(stopped?.output).toContain('docker-credential-purser: Purser did not answer this');
      expect(stopped?.output).not.toMatch(/unauthorized|authentication required/i);
      // Then it is the registry that refuses.
      const anonymous = await stores[program]?.pull(image, { PURSER_ON_UNAVAILABLE: 'anonymous' });
      expect(anonymous?.exitCode).not.toBe(0);
      expect(anonymous?.output).toMatch(/unauthorized|authentication required/i);
      expect(`${stopped?.output}${anonymous?.output}`).not.toContain(password);
    });
  });
});

function lastLine(output: string | undefined): string | undefined {
  return output?.trim().split('\n').at(-1);
}
