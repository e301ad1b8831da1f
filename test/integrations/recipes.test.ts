import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const RECIPES = readFileSync(join(ROOT, 'integrations/recipes.md'), 'utf8');
const missing = skipReason('curl', 'docker-registry', 'htpasswd', 'openssl', 'skopeo');
const execute = promisify(execFile);

function recipe(name: string): string {
  const [, block] = new RegExp(`^\`\`\`sh name=${name}\n([^]*?)^\`\`\``, 'm').exec(RECIPES) ?? [];
  if (block === undefined) throw new Error(`there is no recipe ${name}`);
  return block;
}

it('names each recipe that it can run, and no other', () => {
  expect([...RECIPES.matchAll(/^```sh name=(\w+)$/gm)].map(([, name]) => name)).toEqual(['skopeo', 'kaniko']);
});

describe.skipIf(missing)(titled('a recipe, as it stands there', missing), () => {
  const password = canary('recipes');
  let purser: TestPurser;
  let registry: DockerRegistry;
  let home: string;
  let token: string;

  beforeAll(async () => {
    [purser, registry] = await Promise.all([startPurser(), startDockerRegistry()]);
    await registry.setPassword('robot', password);
    await purser.graphql(
      'mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }',
      { input: { url: registry.host, username: 'robot', password } },
    );
    token = purser.token({ projects: { demo: ['iam:project:cicd:registry:use'] }, subject: 'builder' });
    home = await mkdtemp(join(tmpdir(), 'purser-recipes-'));
    // What a machine has beforehand: the helper, an image, a policy, and the registry's authority.
    const certificates = join(home, '.config/containers/certs.d', registry.host);
    await mkdir(certificates, { recursive: true });
    await mkdir(join(home, 'bin'));
    await copyFile(join(registry.certsDir ?? '', 'ca.crt'), join(certificates, 'ca.crt'));
    await writeFile(join(home, '.config/containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    await copyFile(join(ROOT, 'clients/docker-credential-purser'), join(home, 'bin/docker-credential-purser'));
    await writeOciImage(join(home, 'image'), 'built after a recipe');
  });
  afterAll(async () => {
    await Promise.allSettled([purser?.stop(), registry?.stop()]);
    await rm(home, { recursive: true, force: true });
  });

  const run = (script: string) =>
    execute('sh', ['-e', '-c', script], {
      cwd: home,
      env: {
        HOME: home,
        XDG_RUNTIME_DIR: home,
        PATH: `${join(home, 'bin')}:/usr/bin:/bin`,
        PURSER_URL: purser.url,
        PURSER_PROJECT: 'demo',
        PURSER_TOKEN: token,
      },
    });
  const here = (script: string) =>
    script
      .replaceAll('registry.example.com', registry.host)
      .replaceAll('https://purser.example.com', purser.url)
      .replaceAll('/kaniko/', `${home}/kaniko/`)
      .replaceAll('/var/run/secrets/purser/', `${home}/secrets/`);
  const pushedTags = () =>
    execute('curl', [
      '-sS',
      '--cacert',
      join(registry.certsDir ?? '', 'ca.crt'),
      '-u',
      `robot:${password}`,
      `https://${registry.host}/v2/team/app/tags/list`,
    ]);

  it('pushes with skopeo', async () => {
    await run(here(recipe('skopeo')));
    expect(JSON.parse((await pushedTags()).stdout)).toMatchObject({ tags: ['1'] });
  });

  it('writes the file that kaniko pushes with', async () => {
    await mkdir(join(home, 'kaniko/.docker'), { recursive: true });
    await mkdir(join(home, 'secrets'));
    await writeFile(join(home, 'secrets/token'), token);
    await run(here(recipe('kaniko')));
    const config = JSON.parse(await readFile(join(home, 'kaniko/.docker/config.json'), 'utf8'));
    expect(config).toEqual({
      auths: { [registry.host]: { auth: Buffer.from(`robot:${password}`).toString('base64') } },
    });
    await writeFile(join(home, 'secrets/token'), `${token}x`);
    await expect(run(here(recipe('kaniko')))).rejects.toThrow();
  });
});
