import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

async function run(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runProgram(
    argv,
    { PURSER_DATA_DIR: '/proc/x' },
    {
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
    },
  );
  return { exitCode, ...written };
}

const WITH_FILE = ['backup', 'restore', 'audit verify'];
const WITH_ID = ['keys promote', 'keys retire'];
const KEY_COMMANDS = ['keys add', 'keys list', 'keys promote', 'keys rewrap', 'keys retire'];
const COMMANDS = [
  'serve',
  'token',
  'console-link',
  'rebuild',
  'backup',
  'restore',
  'archive',
  'doctor',
  'copy-log',
  ...KEY_COMMANDS,
  'federation export',
  'federation rotate-key',
  'audit export',
  'audit verify',
  ...['list', 'add', 'test', 'stage', 'activate', 'rotate', 'delete'].map((name) => `registries ${name}`),
  'issue',
  'leases',
  'notices',
  'import',
  ...['list', 'presets', 'create', 'update', 'delete', 'check'].map((name) => `trust ${name}`),
  'completion',
];
/** They ask a service. */
const REMOTE = COMMANDS.filter((name) => /^(registries|issue|leases|notices|import|trust)\b/.test(name));
const WITH_ARGUMENT = [
  ...WITH_FILE,
  ...WITH_ID,
  'archive',
  'issue',
  'import',
  'trust update',
  'trust delete',
  'completion',
].concat(REMOTE.filter((name) => name.startsWith('registries ') && name !== 'registries list'));

describe('purser', () => {
  it.each(['--help', '-h', 'help'])('%s lists the commands', async (argument) => {
    const { exitCode, stdout, stderr } = await run(argument);
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S.*\\.$`, 'm'));
  });

  it.each(['--version', '-v', 'version'])('%s prints the version', async (argument) => {
    expect(await run(argument)).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^purser \S/), stderr: '' });
  });

  it('without a command fails with the commands', async () => {
    expect(await run()).toEqual({ exitCode: 2, stdout: '', stderr: (await run('--help')).stdout });
  });

  it.each(['bogus', '--bogus', 'constructor', '__proto__'])('refuses the command %j in a sentence', async (name) => {
    const stderr = `There is no command ${JSON.stringify(name)}. The commands are ${COMMANDS.join(', ')}; see purser --help.\n`;
    expect(await run(name)).toEqual({ exitCode: 2, stdout: '', stderr });
  });

  describe.each(COMMANDS)('%s', (name) => {
    it('tells with --help how it is used, and runs nothing', async () => {
      for (const argv of [['--help'], ['-h'], ['--bogus', '--help']]) {
        const { exitCode, stdout, stderr } = await run(...name.split(' '), ...argv);
        expect([exitCode, stderr]).toEqual([0, '']);
        expect(stdout).toMatch(new RegExp(`^usage: purser ${name}`));
      }
    });

    it('refuses unknown options and arguments with a sentence', async () => {
      const option = await run(...name.split(' '), '--bogus');
      expect(option).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^Unknown option '--bogus'\.\n/),
      });
      const argument = await run(...name.split(' '), ...(WITH_ARGUMENT.includes(name) ? ['1', 'bogus'] : ['bogus']));
      expect(argument).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^Unexpected argument 'bogus'\.\n/),
      });
      for (const { stderr } of [option, argument]) expect(stderr).toContain(`usage: purser ${name}`);
    });
  });

  it('names the commands that begin with a word', async () => {
    expect((await run('registries')).stderr).toMatch(
      /^There is no command "registries"\. The commands are registries list, .*registries delete; see/,
    );
  });

  it.each(['--password', '--token=', '--secret'])('takes no secret from %s, and does not repeat it', async (option) => {
    for (const name of COMMANDS) {
      const { exitCode, stdout, stderr } = await run(...name.split(' '), `${option.replace(/=$/, '')}=hunter2`);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/ does not belong on the command line, .*--password-stdin/);
      expect(stderr).not.toContain('hunter2');
    }
  });

  it.each(REMOTE)('%s says which setting it misses', async (name) => {
    const { exitCode, stdout, stderr } = await run(...name.split(' '), ...(WITH_ARGUMENT.includes(name) ? ['a'] : []));
    expect([exitCode, stdout, stderr]).toEqual([2, '', 'PURSER_URL is not set.\n']);
  });

  it.each(WITH_FILE)('%s asks for its file', async (name) => {
    expect(await run(...name.split(' '))).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^The file is missing\\.\\nusage: purser ${name} <file>`)),
    });
  });

  it.each(WITH_ID)('%s asks for the id of a key', async (name) => {
    expect(await run(...name.split(' '))).toMatchObject({
      exitCode: 2,
      stderr: `The id is missing.\nusage: purser ${name} <id> [--json]\n`,
    });
    for (const id of ['0', '-1', '1.5', 'first']) {
      const { exitCode, stdout } = await run(...name.split(' '), '--', id);
      expect([exitCode, stdout]).toEqual([2, '']);
    }
  });

  it.skipIf(process.platform !== 'linux')('says in one sentence why a command cannot run', async () => {
    for (const argv of [
      ['serve'],
      ['rebuild'],
      ['keys', 'rewrap'],
      ['keys', 'list'],
      ['token', '--project', 'a'],
      ['backup', 'file'],
    ]) {
      expect(await run(...argv)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr:
          'The data folder /proc/x cannot be created there (ENOENT). Set PURSER_DATA_DIR to a folder on a disk.\n',
      });
    }
  });
});
