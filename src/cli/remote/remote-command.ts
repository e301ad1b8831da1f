import type { Command, Environment, Option, Options, Output } from '../command.ts';
import { EXIT, openService, type Service } from './service.ts';
import { visibleJson } from './visible-text.ts';

/** One run of a command that asks a service. */
export interface Call {
  readonly service: Service;
  readonly options: Options;
  readonly environment: Environment;
  /** For people: tables and sentences are meant for a terminal. Else one line of JSON. */
  readonly isForPeople: boolean;
  /** To standard output: the value as JSON, or the text for people, for a terminal so wide. */
  answer(value: unknown, text: (columns: number | undefined) => string): void;
  /** A sentence to standard error. */
  say(sentence: string): void;
  readonly output: Output;
}

interface RemoteCommand {
  readonly summary: string;
  /** The word after the command: its name, and what it means. */
  readonly argument?: readonly [name: string, summary: string];
  readonly options?: Readonly<Record<string, Option>>;
  /** The end of the help: what else to know. */
  readonly notes?: string;
  /** @returns the exit code */
  run(call: Call): Promise<number>;
}

const COMMON = {
  project: { type: 'string', value: '<id>', summary: 'the project (default: PURSER_PROJECT)' },
  json: { type: 'boolean', summary: 'prints JSON also on a terminal; elsewhere it always does' },
} satisfies Record<string, Option>;

const ENVIRONMENT = `PURSER_URL names the service, and PURSER_TOKEN or PURSER_TOKEN_FILE your token, as for docker-credential-purser.
The exit code is 0 if it is done, 1 if it was refused or failed, 2 for a mistake in the command line, 3 if the service cannot be
reached, 4 if your token does not allow it, 5 if there is no such thing, 6 if something stands in the way: docs/command-line.md.
`;

export function remote({ summary, argument, options: own = {}, notes, run }: RemoteCommand): Command {
  const options = { ...own, ...COMMON };
  return {
    summary,
    usage: `${argument ? `<${argument[0]}> ` : ''}[option]…`,
    help: `\n${listed(argument, options)}\n${notes ? `${notes}\n\n` : ''}${ENVIRONMENT}`,
    ...(argument && { argument: argument[0] }),
    options,
    async run(given, env, output) {
      const environment = { ...env, ...(typeof given.project === 'string' && { PURSER_PROJECT: given.project }) };
      // Its reader, such as `head`, has had enough.
      if (output.stdout === process.stdout) process.stdout.once('error', () => process.exit(EXIT.done));
      const isForPeople = output.stdout.isTTY === true && given.json !== true;
      return run({
        service: await openService(environment),
        options: given,
        environment,
        isForPeople,
        answer: (value, text) =>
          output.stdout.write(isForPeople ? text(output.stdout.columns) : `${visibleJson(value)}\n`),
        say: (sentence) => output.stderr.write(`${sentence}\n`),
        output,
      });
    },
  };
}

function listed(argument: RemoteCommand['argument'], options: Readonly<Record<string, Option>>): string {
  const entries = Object.entries(options).map(([name, option]) => [written(name, option), meaning(option)] as const);
  const all = [...(argument ? [argument] : []), ...entries];
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
}

function written(name: string, { type, value = '<text>' }: Option): string {
  return type === 'boolean' ? `--${name}` : `--${name} ${value}`;
}

function meaning({ summary = '', choices, multiple }: Option): string {
  const several = multiple ? '; may be repeated' : '';
  return `${summary}${choices ? `: ${choices.join(', ')}` : ''}${several}`;
}
