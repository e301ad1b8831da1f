import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CREDENTIAL_HELPER } from './built-client.ts';
import { canary } from './canary.ts';
import { type DockerRegistryOptions, startDockerRegistry } from './docker-registry.ts';
import { digestOfOciImage, writeOciImage } from './oci-image.ts';
import { answerJson, fieldError, issued, type PurserStub, startPurserStub } from './purser-stub.ts';
import { skipReason, titled } from './required-tools.ts';
import { createSkopeo, type Skopeo } from './skopeo.ts';

const missing = skipReason('docker-registry', 'htpasswd', 'openssl', 'skopeo');

describe.skipIf(missing)(titled('skopeo, docker-credential-purser and docker-registry', missing), () => {
  let stub: PurserStub;
  let folder: string;
  let image: string;
  let digest: string;
  const cleanUps: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-images-'));
    image = join(folder, 'image');
    digest = await writeOciImage(image, 'hello');
    stub = await startPurserStub();
    cleanUps.push(stub.stop, () => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(options: DockerRegistryOptions = {}) {
    const registry = await startDockerRegistry(options);
    cleanUps.push(registry.stop);
    return { registry, skopeo: await skopeoFor(registry.host, registry.certsDir) };
  }

  async function skopeoFor(host: string, certsDir: string | undefined): Promise<Skopeo> {
    const environment = {
      PURSER_URL: stub.url,
      PURSER_TOKEN: 'a-token',
      PURSER_PROJECT: 'demo',
      PURSER_PIPELINE: 'web/build',
      PURSER_PURPOSE: 'PUSH',
    };
    const skopeo = await createSkopeo({ login: { helper: CREDENTIAL_HELPER }, host, certsDir, environment });
    cleanUps.push(skopeo.remove);
    return skopeo;
  }

  it('push and pull an image with the credential that the helper hands on', async () => {
    const { registry, skopeo } = await start();
    const password = canary('smoke');
    await registry.setPassword('robot', password);
    stub.handle((_, response) => answerJson(response, issued('robot', password)));

    expect(await skopeo.push(image, 'team/app:1')).toMatchObject({ exitCode: 0 });
    expect(await skopeo.pull('team/app:1', join(folder, 'pulled'))).toMatchObject({ exitCode: 0 });
    expect(await digestOfOciImage(join(folder, 'pulled'))).toBe(digest);
    expect(stub.requests.map(({ variables }) => variables.input)).toContainEqual(
      expect.objectContaining({ image: `https://${registry.host}`, purpose: 'PUSH', pipeline: 'web/build' }),
    );
  });

  it('refuse the older password once it was changed', async () => {
    const { registry, skopeo } = await start();
    const [older, newer] = [canary('older'), canary('newer')];
    let handedOut = older;
    stub.handle((_, response) => answerJson(response, issued('robot', handedOut)));
    await registry.setPassword('robot', older);
    expect(await skopeo.push(image, 'team/app:1')).toMatchObject({ exitCode: 0 });

    await registry.setPassword('robot', newer);
    const refused = await skopeo.push(image, 'team/app:2');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/unauthorized|authentication required/i);
    expect(await registry.accepts('robot', older)).toBe(false);
    expect(await registry.accepts('robot', newer)).toBe(true);

    handedOut = newer;
    expect(await skopeo.push(image, 'team/app:2')).toMatchObject({ exitCode: 0 });
  });

  it('go on anonymously only if Purser has no such registry', async () => {
    const { skopeo } = await start({ login: false });
    stub.handle((_, response) => answerJson(response, fieldError('NOT_FOUND', 'There is no such registry.')));
    expect(await skopeo.push(image, 'open/app:1')).toMatchObject({ exitCode: 0 });

    stub.handle((_, response) => answerJson(response, fieldError('FORBIDDEN', 'Not yours.')));
    const refused = await skopeo.push(image, 'open/app:2');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain('docker-credential-purser: Purser refused this in project demo (FORBIDDEN;');

    stub.handle((_, response) => response.writeHead(503).end());
    const outage = await skopeo.push(image, 'open/app:3');
    expect(outage.exitCode).not.toBe(0);
    expect(outage.output).toContain('did not serve the request (HTTP 503)');
  });

  it('pull from a registry in maintenance and are refused a push, over plain http', async () => {
    const { registry, skopeo } = await start({ tls: false, readOnly: true });
    const password = canary('read-only');
    await registry.setPassword('robot', password);
    stub.handle((_, response) => answerJson(response, issued('robot', password)));
    const push = await skopeo.push(image, 'team/app:1');
    expect(push.exitCode).not.toBe(0);
    expect(push.output).not.toMatch(/unauthorized/i);
    const pull = await skopeo.pull('team/app:1', join(folder, 'pulled'));
    expect(pull.output).toMatch(/manifest unknown/i);
  });

  it('do not trust a registry whose authority they were not given', async () => {
    const { registry } = await start();
    const stranger = await start();
    const skopeo = await skopeoFor(registry.host, stranger.registry.certsDir);
    const password = canary('stranger');
    await registry.setPassword('robot', password);
    stub.handle((_, response) => answerJson(response, issued('robot', password)));
    const run = await skopeo.push(image, 'team/app:1');
    expect(run.exitCode).not.toBe(0);
    expect(run.output).toContain('certificate signed by unknown authority');
  });
});
