import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'end-of-run-'));
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'vitest.config.js'), `export default { test: { globalSetup: ['setup.ts'] } };`);
  await writeFile(join(folder, 'some.test.ts'), `import { it } from 'vitest'; it('passes', () => undefined);`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A run of one passing test whose teardown is the given expression. Gives its exit code and what it printed. */
async function runWithTeardown(teardown: string): Promise<[number | null, string]> {
  const source = `import { failingTheRun } from ${JSON.stringify(join(REPOSITORY, 'test/support/end-of-run.ts'))};
    const leak = async () => { throw new Error('a leak was found'); };
    export default () => ${teardown};`;
  await writeFile(join(folder, 'setup.ts'), source);
  const args = [join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'pipe', env: { PATH: process.env.PATH } });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return [code, output + errors];
}

it('fails the run, and says why, if a check at its end fails', async () => {
  const [code, output] = await runWithTeardown('failingTheRun(leak)');
  expect(output).toContain('a leak was found');
  expect(code).toBe(1);
});

it('does not change a run whose checks pass', async () => {
  expect((await runWithTeardown('failingTheRun(async () => undefined)'))[0]).toBe(0);
});

it('is needed: without it a failing check leaves the exit code at 0', async () => {
  const [code, output] = await runWithTeardown('leak');
  expect(output).toContain('a leak was found');
  expect(code).toBe(0);
});
