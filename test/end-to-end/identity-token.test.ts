import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { createCertificates } from '../support/certificates.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { createSkopeo } from '../support/skopeo.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } } }`;
const ISSUE = `mutation ($image: String!) {
  issueCredential(projectId: "demo", input: { image: $image, purpose: PUSH, pipeline: "web/deploy" }) { dockerConfigJson } }`;

const missing = skipReason('docker-registry', 'openssl', 'skopeo');

describe.skipIf(missing)(titled('an identity token', missing), () => {
  const token = canary('identity');
  let folder: string;
  let purser: TestPurser;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let image: string;
  let caCertificate: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-identity-'));
    image = join(folder, 'image');
    const certificates = await createCertificates(folder);
    ({ caCertificate } = certificates);
    const accounts = [{ username: '<token>', password: token, rights: { 'team/web': ['pull', 'push'] as const } }];
    tokens = await startTokenServer({ folder, certificates, accounts });
    [purser, registry] = await Promise.all([
      startPurser(),
      startDockerRegistry({ tls: certificates, login: tokens.login }),
      writeOciImage(image, 'pushed with an identity token'),
    ]);
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), registry?.stop(), tokens?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function pushWith(dockerConfig: string): Promise<number> {
    const { host, certsDir } = registry;
    const skopeo = await createSkopeo({ login: { dockerConfig }, host, certsDir, environment: {} });
    try {
      return (await skopeo.push(image, 'team/web:1')).exitCode;
    } finally {
      await skopeo.remove();
    }
  }

  it('lets a client push with the file as it was issued', async () => {
    const input = { url: registry.host, username: '<token>', password: token, caCertificate };
    expect((await purser.graphql(CREATE, { input })).errors).toBeUndefined();
    const { data } = await purser.graphql(ISSUE, { image: `${registry.host}/team/web:1` });
    expect(await pushWith(data.issueCredential.dockerConfigJson)).toBe(0);
  });

  it('would be refused if the file held it as a password', async () => {
    const auth = Buffer.from(`<token>:${token}`).toString('base64');
    expect(await pushWith(JSON.stringify({ auths: { [registry.host]: { auth } } }))).not.toBe(0);
  });
});
