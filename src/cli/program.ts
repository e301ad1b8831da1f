import { type ParseArgsConfig, parseArgs } from 'node:util';
import { OperatorError } from '../domain/errors.ts';
import {
  type Command,
  CommandError,
  type Environment,
  type Options,
  type Output,
  USAGE_EXIT_CODE,
  UsageError,
} from './command.ts';
import { COMMANDS } from './commands.ts';
import { purserVersion } from './version.ts';

const NAME_WIDTH = Math.max(...Object.keys(COMMANDS).map(({ length }) => length));

const USAGE = `usage: purser <command>

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(NAME_WIDTH)} ${summary}\n`)
  .join('')}
  purser <command> --help tells more of one, purser --version the version.
`;

/**
 * One run of the program. Errors are printed to standard error as a sentence; only an unforeseen fault has a stack.
 * @returns the process's exit code: the error's, such as 2 for a mistake in the command line; 1 for every other one
 */
export async function runProgram(argv: readonly string[], env: Environment, output: Output): Promise<number> {
  try {
    return await run(argv, env, output);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    output.stderr.write(`${error.message}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

async function run(words: readonly string[], env: Environment, output: Output): Promise<number> {
  const [name = '', ...argv] = commandFirst(words);
  switch (name) {
    case '--help':
    case '-h':
    case 'help':
      output.stdout.write(USAGE);
      return 0;
    case '--version':
    case '-v':
    case 'version':
      output.stdout.write(`purser ${purserVersion()}\n`);
      return 0;
    case '':
      output.stderr.write(USAGE);
      return USAGE_EXIT_CODE;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const ofTwoWords = Object.keys(COMMANDS).filter((each) => each.startsWith(`${name} `));
    const known = (ofTwoWords.length > 0 ? ofTwoWords : Object.keys(COMMANDS)).join(', ');
    throw new UsageError(`There is no command ${JSON.stringify(name)}. The commands are ${known}; see purser --help.`);
  }
  const usage = `usage: purser ${name} ${command.usage}`.trim();
  if (argv.includes('--help') || argv.includes('-h')) {
    output.stdout.write(`${usage}\n\n${command.summary}\n${command.help}`);
    return 0;
  }
  return command.run(parse(argv, command, usage), env, output);
}

/** A command of two words counts as one word. */
function commandFirst(words: readonly string[]): readonly string[] {
  const both = words.slice(0, 2).join(' ');
  return Object.hasOwn(COMMANDS, both) ? [both, ...words.slice(2)] : words;
}

function parse(argv: readonly string[], { options, argument }: Command, usage: string): Options {
  refuseSecrets(argv);
  const { values, positionals } = parseWords(argv, { options, allowPositionals: argument !== undefined }, usage);
  if (argument === undefined) return values;
  const [value, extra] = positionals;
  if (value === undefined) throw new UsageError(`The ${argument} is missing.\n${usage}`);
  if (extra !== undefined) throw new UsageError(`Unexpected argument '${extra}'.\n${usage}`);
  return { ...values, [argument]: value };
}

/** Whatever the command: the machine's processes and the shell's history have it already. */
function refuseSecrets(argv: readonly string[]): void {
  const name = argv.map((word) => /^--(password|token|secret)(?:=|$)/.exec(word)?.[1]).find(Boolean);
  if (name === undefined) return;
  throw new UsageError(
    `A ${name} does not belong on the command line, where every process of the machine can read it. Leave --${name} out: a password is ` +
      `asked for, or read from standard input with --password-stdin; your token comes from PURSER_TOKEN_FILE. If it was real, change it.`,
  );
}

function parseWords(argv: readonly string[], config: ParseArgsConfig, usage: string) {
  try {
    return parseArgs({ ...config, args: [...argv], strict: true });
  } catch (error) {
    // Node's first sentence names the option; the rest is advice for other programs.
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : [];
    throw new UsageError(`${sentence}.\n${usage}`);
  }
}
