import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-development-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('processes that start at the same time end with one key', async () => {
  const script = await compile();
  for (let round = 0; round < 3; round++) {
    const dir = join(folder, `race-${round}`);
    const outputs = await Promise.all(
      Array.from({ length: 8 }, () => run(process.execPath, ['--input-type=module', '-e', script, dir])),
    );

    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(outputs[0]?.stdout).toContain('"Ed25519"');
    expect(await readdir(dir)).toEqual(['development-issuer.json']);
  }
});

/** A script for node alone, which opens the issuer of the folder in its argument and prints the public keys. */
async function compile(): Promise<string> {
  const root = resolve(import.meta.dirname, '../../..');
  const outDir = join(folder, 'compiled');
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { noEmit: false, outDir, rootDir: root, typeRoots: [join(root, 'node_modules/@types')] };
  const files = [join(root, 'src/adapters/auth/development-issuer.ts')];
  await writeFile(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
  await symlink(join(root, 'node_modules'), join(outDir, 'node_modules'));
  await writeFile(join(outDir, 'package.json'), '{"type":"module"}');
  const module = join(outDir, 'src/adapters/auth/development-issuer.js');
  return `
    import { openDevelopmentIssuer } from ${JSON.stringify(module)};
    const issuer = await openDevelopmentIssuer(process.argv[1]);
    process.stdout.write(JSON.stringify(issuer.publicJwks()));`;
}
