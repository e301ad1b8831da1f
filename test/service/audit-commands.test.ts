import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { headLine } from '../../src/domain/audit-export.ts';
import { createHeadKey } from '../support/audit-exports.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { CREATE } from './operations.ts';

let folder: string;
let file: string;
let anchor: string;
let first: TestPurser;
let running: TestPurser;
let publicKey: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-audit-commands-'));
  anchor = join(folder, 'anchor.ndjson');
  first = await startPurser({ environment: { AUDIT_ANCHOR_FILE: anchor } });
  const create = (purser: TestPurser, url: string) =>
    purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('commands') } });
  for (const url of ['first.example', 'second.example', 'third.example'])
    expect((await create(first, url)).errors).toBeUndefined();
  await fetch(`${first.url}/graphql`, { method: 'POST' });
  running = await startPurser({ replicaOf: first });
  await first.stop();
  expect((await create(running, 'fourth.example')).errors).toBeUndefined();
  const { data } = await running.graphql(`{
    auditKeys(projectId: "demo") { keyId publicKey retiredAt }
    auditHeads(projectId: "demo") { nodes { sequence keyId } pageInfo { hasNextPage } }
  }`);
  expect(data.auditHeads).toMatchObject({ nodes: [{ sequence: 3, keyId: data.auditKeys[0].keyId }] });
  publicKey = data.auditKeys[0].publicKey;
  file = await exportTo('demo.ndjson', '--project', 'demo');
});
afterAll(async () => {
  await running.stop();
  // The commands made it anew.
  await rm(running.environment.PURSER_DATA_DIR ?? folder, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

async function purser(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const code = await runProgram(argv, running.environment, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { code, ...written };
}

async function exportTo(name: string, ...options: string[]): Promise<string> {
  const { code, stdout } = await purser('audit', 'export', ...options);
  expect(code).toBe(0);
  await writeFile(join(folder, name), stdout);
  return join(folder, name);
}

const verify = (path: string, ...options: string[]) =>
  purser('audit', 'verify', path, '--public-key', publicKey, ...options);

/** A copy with another content. */
async function changed(name: string, change: (lines: string[]) => string[]): Promise<string> {
  const path = join(folder, name);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(path, `${change(lines).join('\n')}\n`);
  return path;
}

describe('purser audit', () => {
  it('verifies what it exported, and says up to where it vouches', async () => {
    for (const options of [[], ['--anchor', anchor]]) {
      const { code, stdout } = await verify(file, ...options);
      expect(stdout).toMatch(
        /^project demo: 4 entries verified\nvouched for: up to entry 3, by the head signed at \d{4}-\S+Z\nnot signed yet: 1 entry after that\n$/,
      );
      expect(code).toBe(0);
    }
  });

  it('names the first wrong line', async () => {
    const edited = await changed('edited.ndjson', (lines) =>
      lines.map((line) => line.replace('second.example', 'other.example')),
    );
    const { code, stdout } = await verify(edited);
    expect(stdout).toContain('entry 2: the entry was changed, or the hash beside it (CHANGED)\n');
    expect(stdout).toMatch(/^line \d+, entry 2/m);
    expect(code).toBe(1);
  });

  it('finds with the anchor what was cut off with its head', async () => {
    const cut = await changed('cut.ndjson', ([header = '', ...lines]) => {
      const kept = lines.filter((line) => line.includes('"record":"entry"')).slice(0, 2);
      const { sequence, hash } = JSON.parse(kept[1] ?? '');
      return [header, ...kept, JSON.stringify({ record: 'end', entries: 2, lastSequence: sequence, lastHash: hash })];
    });
    expect(await verify(cut, '--anchor', anchor)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('by the anchor, entry 3: the end is missing, from this entry on (CUT)\n'),
    });
    expect(await verify(cut)).toMatchObject({
      code: 3,
      stdout: 'project demo: 2 entries verified\nno signed head vouches for any entry\n',
    });
  });

  it('leaves out the half line that a crash left in the anchor, and says so', async () => {
    const torn = join(folder, 'torn.ndjson');
    await writeFile(torn, `${await readFile(anchor, 'utf8')}{"record":"head","for`);
    expect(await verify(file, '--anchor', torn)).toMatchObject({
      code: 0,
      stderr: `The last line of the anchor ${torn} is not a whole head: it was left out.\n`,
    });
  });

  it('takes a part of the log for what was asked for only if its limits are named', async () => {
    const [, , second] = (await readFile(file, 'utf8')).split('\n').filter((line) => !line.includes('"record":"key"'));
    const from = JSON.parse(second ?? '').occurredAt;
    const part = await exportTo('part.ndjson', '--project', 'demo', '--from', from);
    const wrong = { code: 1, stdout: expect.stringMatching(/^line 1: the export says .* \(OTHER_PART\)$/m) };
    expect(await verify(part)).toMatchObject(wrong);
    expect(await verify(part, '--anchor', anchor, '--from', '2026-01-01T00:00:00Z')).toMatchObject(wrong);
    expect(await verify(part, '--anchor', anchor, '--from', from, '--to', '2040-01-01T00:00:00Z')).toMatchObject(wrong);
    expect(await verify(file, '--from', from)).toMatchObject(wrong);
    const { code, stdout } = await verify(part, '--anchor', anchor, '--from', from);
    expect(stdout).toContain(
      `project demo: 4 entries verified. This is a part of the log, from ${from}, with the entry before: entries 1 to 4\nvouched for: up to entry 3,`,
    );
    expect(code).toBe(0);
  });

  it("exports and verifies the service's own log", async () => {
    const { code, stdout } = await verify(await exportTo('service.ndjson', '--service'), '--anchor', anchor);
    expect(stdout).toMatch(/^the service's own log: 1 entry verified\nvouched for: up to entry 1,/);
    expect(code).toBe(0);
  });

  it('says that another key did not sign', async () => {
    const other = Buffer.alloc(32, 1).toString('base64');
    const { code, stdout } = await purser('audit', 'verify', file, '--public-key', other);
    expect(stdout).toContain('(WRONG_KEY)');
    expect(code).toBe(1);
  });

  it.each([
    [['export'], 'Name a project, or --service alone'],
    [['export', '--project', 'demo', '--service'], 'Name a project, or --service alone'],
    [['export', '--project', 'demo', '--format', 'xml'], '--format must be one of ndjson, csv, cef.'],
    [['export', '--project', 'demo', '--from', 'today'], '--from must be a date and time with a time zone'],
    [
      ['export', '--service', '--from', '2026-02-01T00:00:00Z', '--to', '2026-01-01T00:00:00Z'],
      '--to must not be before --from.',
    ],
    [['verify', 'x'], 'Name the public key'],
    [
      ['verify', 'x', '--public-key', Buffer.alloc(32, 1).toString('base64'), '--to', 'now'],
      '--to must be a date and time',
    ],
    [['verify', 'x', '--public-key', 'abc'], '--public-key "abc" is not an Ed25519 key'],
  ])('refuses the mistake in %j', async (argv, sentence) => {
    const { code, stderr } = await purser('audit', ...argv);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
  });

  it('says which file cannot be read, or is no anchor', async () => {
    expect(await verify(join(folder, 'none'))).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
    expect(await verify(file, '--anchor', file)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('line 1 of the anchor: the line is not a signed head (ANCHOR_DAMAGED)\n'),
    });
  });

  it('does not verify by an anchor that contradicts itself, or that another key signed', async () => {
    const key = createHeadKey();
    const own = ['--public-key', key.bytes.toString('base64')];
    const path = join(folder, 'contradiction.ndjson');
    const heads = ['0', '1'].map((digit) => headLine(key.sign({ sequence: 2, hash: digit.repeat(64) })));
    await writeFile(path, `${heads.join('\n')}\n`);
    expect(await purser('audit', 'verify', file, ...own, '--anchor', path)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^line 2 of the anchor, entry 2: an earlier head .* \(ANCHOR_CONTRADICTION\)$/m),
    });
    expect(await verify(file, '--anchor', path)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^line 1 of the anchor, entry 2: .* \(ANCHOR_WRONG_KEY\)$/m),
    });
  });
});
