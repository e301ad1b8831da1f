import type { ParseArgsConfig } from 'node:util';
import { OperatorError } from '../domain/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** One command of the program. */
export interface Command {
  /** One line. */
  readonly summary: string;
  /** The options, as a usage line shows them. */
  readonly usage: string;
  /** The rest of what `--help` prints. */
  readonly help: string;
  /** The name of the one word that must follow the command. `run` finds the word among the options. */
  readonly argument?: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** @returns the process's exit code @throws OperatorError */
  run(options: Options, env: Environment, output: Output): Promise<number>;
}

export type Options = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** What `--help` prints for commands without options. */
export const CONFIGURED = 'Environment variables configure this command: see docs/configuration.md.\n';

/** The command line is wrong. The message says what is wrong and how to write it. */
export class UsageError extends OperatorError {
  override readonly name = 'UsageError';
}
