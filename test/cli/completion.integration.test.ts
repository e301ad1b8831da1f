import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printed } from '../support/printed.ts';
import { skipReason, titled } from '../support/required-tools.ts';

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-completion-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await printed({}, 'completion', shell);
  expect([code, stderr]).toEqual([0, '']);
  // As a file of zsh's fpath it has to be called so.
  const file = join(folder, shell === 'zsh' ? '_purser' : `purser.${shell}`);
  await writeFile(file, stdout);
  return file;
}

/** What each shell offers after these words. */
type Offers = (...words: string[]) => Promise<string[]>;

function expectCompletions(offers: Offers): void {
  it('offers commands, options and their values, each where it belongs', async () => {
    expect(await offers('')).toEqual(expect.arrayContaining(['serve', 'registries', 'issue', 'completion']));
    expect(await offers('reg')).toEqual(['registries']);
    expect((await offers('registries', '')).sort()).toEqual([
      'activate',
      'add',
      'delete',
      'list',
      'rotate',
      'stage',
      'test',
    ]);
    expect(await offers('registries', 'list', '--st')).toEqual(['--status']);
    expect((await offers('registries', 'list', '--status', 'EXP')).sort()).toEqual(['EXPIRED', 'EXPIRING']);
    expect(await offers('issue', '--ti')).toEqual([]);
    expect(await offers('issue', '--tt')).toEqual(['--ttl-seconds']);
    expect(await offers('audit', 'verify', '--an')).toEqual(['--anchor']);
    expect(await offers('registries', 'add', '--pass')).toEqual(['--password-stdin']);
  });
}

describe('completion in bash', () => {
  expectCompletions(async (...words) => {
    const program = `source "$1"; shift; COMP_WORDS=(purser "$@"); COMP_CWORD=$#; _purser; printf '%s\n' "\${COMPREPLY[@]}"`;
    return lines((await run('bash', ['-c', program, 'bash', await script('bash'), ...words])).stdout);
  });
});

const noZsh = skipReason('zsh');
describe.skipIf(noZsh)(titled('completion in zsh', noZsh), () => {
  expectCompletions(async (...words) => {
    // What the completion system would filter by the word so far.
    const program = `compdef() { }; _files() { }
      _describe() { for entry in "\${(@P)2}"; do print -r -- "\${\${entry//\\\\:/\\x01}%%:*}"; done }
      fpath=("\${1:h}"); autoload -Uz _purser; shift; words=(purser "$@"); CURRENT=$(( $# + 1 )); _purser`;
    const { stdout } = await run('zsh', ['-f', '-c', program, 'zsh', await script('zsh'), ...words]);
    return lines(stdout).filter((each) => each.startsWith(words.at(-1) ?? ''));
  });
});

const noFish = skipReason('fish');
describe.skipIf(noFish)(titled('completion in fish', noFish), () => {
  expectCompletions(async (...words) => {
    const program = `source ${await script('fish')}; complete -C "purser ${words.join(' ')}"`;
    const { stdout } = await run('fish', ['--no-config', '-c', program], { env: { ...process.env, HOME: folder } });
    return lines(stdout)
      .map((each) => each.split('\t')[0] ?? '')
      .filter((each) => each.startsWith(words.at(-1) ?? ''));
  });
});

it('refuses other shells', async () => {
  expect(await printed({}, 'completion', 'tcsh')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'The shell must be one of bash, zsh, fish.\n',
  });
});

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
