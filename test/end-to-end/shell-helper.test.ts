import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { digestOfOciImage, writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createSkopeo, type Skopeo } from '../support/skopeo.ts';

const SCRIPT = fileURLToPath(new URL('../../clients/docker-credential-purser', import.meta.url));
const missing = skipReason('curl', 'docker-registry', 'htpasswd', 'openssl', 'skopeo');

/** One story in several steps: each starts where the one before it ended. */
describe.skipIf(missing)(titled('a pipeline on a machine without Node', missing), () => {
  const password = canary('shell-helper');
  let purser: TestPurser;
  let registry: DockerRegistry;
  let pipeline: Skopeo;
  let folder: string;
  let digest: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-shell-'));
    [purser, registry, digest] = await Promise.all([
      startPurser(),
      startDockerRegistry(),
      writeOciImage(join(folder, 'image'), 'built without Node'),
    ]);
    await registry.setPassword('robot', password);
    const { host, certsDir } = registry;
    pipeline = await createSkopeo({
      login: { script: SCRIPT },
      host,
      certsDir,
      environment: {
        PURSER_URL: purser.url,
        PURSER_TOKEN: purser.token({ projects: { demo: ['iam:project:cicd:registry:use'] }, subject: 'runner' }),
        PURSER_PROJECT: 'demo',
        PURSER_PIPELINE: 'web/deploy',
        PURSER_RUN_ID: '1742',
        PURSER_PURPOSE: 'PUSH',
      },
    });
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), registry?.stop(), pipeline?.remove()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('is refused by the registry while Purser does not know it', async () => {
    const { exitCode, output } = await pipeline.push(join(folder, 'image'), 'team/app:1');
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/unauthorized|authentication required/i);
  });

  it('pushes and pulls its image with the login of Purser, under one lease', async () => {
    const input = { url: registry.host, username: 'robot', password };
    const { errors } = await purser.graphql(
      'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
      { input },
    );
    expect(errors).toBeUndefined();
    expect(await pipeline.push(join(folder, 'image'), 'team/app:1')).toMatchObject({ exitCode: 0 });
    expect(await pipeline.pull('team/app:1', join(folder, 'pulled'))).toMatchObject({ exitCode: 0 });
    expect(await digestOfOciImage(join(folder, 'pulled'))).toBe(digest);
    const { data } = await purser.graphql(
      '{ leases(projectId: "demo") { nodes { pipeline runId purpose issuedTo } } }',
    );
    expect(data.leases.nodes).toEqual([{ pipeline: 'web/deploy', runId: '1742', purpose: 'PUSH', issuedTo: 'runner' }]);
  });

  it('stops with what Purser says if it is refused', async () => {
    await purser.stop();
    const { exitCode, output } = await pipeline.pull('team/app:1', join(folder, 'again'));
    expect(exitCode).not.toBe(0);
    expect(output).toContain('docker-credential-purser: Purser did not answer this');
    expect(output).not.toContain(password);
  });
});
