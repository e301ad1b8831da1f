import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { freePort } from '../support/postgres-server.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CLIENTS_PAGE = readFileSync(`${REPOSITORY}/docs/clients.md`, 'utf8');
const LIBRARIES = ['graphql-ws', 'Apollo Client', 'graphql-sse'];

/** The program for this library, as it stands in docs/clients.md. */
function recipe(library: string): string {
  const [, code] = CLIENTS_PAGE.split(`\`\`\`js\n// ${library}\n`);
  const [program] = code?.split('```') ?? [];
  if (program === undefined) throw new Error(`docs/clients.md has no recipe for ${library}`);
  return program;
}

describe('the recipes for clients', () => {
  let home: PurserHome;
  let port: number;
  const followers: { readonly library: string; readonly child: ChildProcess; readonly versions: number[] }[] = [];
  let id: string;
  let version = 1;

  beforeAll(async () => {
    port = await freePort();
    home = await createPurserHome({ PORT: String(port) });
    await home.start();
    const input = { url: 'followed.example', username: 'ada', password: canary('followed') };
    id = (await ask(home.url, CREATE, { input }, home.issuer.token())).data.createRegistry.registry.id;
    for (const library of LIBRARIES) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', recipe(library)], {
        cwd: REPOSITORY,
        env: {
          PATH: process.env.PATH,
          PURSER_WS: `ws://127.0.0.1:${port}/graphql`,
          PURSER_URL: `http://127.0.0.1:${port}/graphql`,
          TOKEN: home.issuer.token(),
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const versions: number[] = [];
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        versions.push(Number(/ to version (\d+)\./.exec(line)?.[1]));
      });
      followers.push({ library, child, versions });
    }
  });
  afterAll(async () => {
    for (const { child } of followers) child.kill('SIGKILL');
    await home?.remove();
  });

  async function rotate(): Promise<void> {
    const { data } = await ask(home.url, ROTATE, { id, input: { password: canary('followed') } }, home.issuer.token());
    version = data.rotateCredential.registry.credential.version;
  }
  async function rotateTimes(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await rotate();
  }

  it('lose nothing and get nothing twice, through two kills of the service', async () => {
    // From when on they follow is theirs to say.
    for (let started = false; !started; started = followers.every(({ versions }) => versions.length > 0)) {
      await rotate();
    }
    for (let kills = 0; kills < 2; kills += 1) {
      await rotateTimes(5);
      // The last notice may be on its way to the clients.
      await home.kill('SIGKILL');
      await home.start();
      // Before they are connected again.
      await rotateTimes(5);
    }
    await rotateTimes(3);
    for (const { library, versions } of followers) {
      await expect.poll(() => [library, versions.at(-1)]).toEqual([library, version]);
      const [first = 0] = versions;
      expect([library, versions]).toEqual([library, Array.from(versions, (_, place) => first + place)]);
    }
  });
});
