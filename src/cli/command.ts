import type { ParseArgsConfig } from 'node:util';
import { OperatorError } from '../domain/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Output {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** An option, as `parseArgs` takes it, with what help and completion say of it. */
export type Option = NonNullable<ParseArgsConfig['options']>[string] & {
  readonly summary?: string;
  /** What stands for its value, such as `<time>`. */
  readonly value?: string;
  readonly choices?: readonly string[];
};

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
  readonly options: Readonly<Record<string, Option>>;
  /** @returns the process's exit code @throws OperatorError */
  run(options: Options, env: Environment, output: Output): Promise<number>;
}

export type Options = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** What `--help` prints for commands without options. */
export const CONFIGURED = 'Environment variables configure this command: see docs/configuration.md.\n';

/** Ends the program with this exit code, once the message was printed. */
export class CommandError extends OperatorError {
  override readonly name: string = 'CommandError';
  constructor(
    message: string,
    readonly exitCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The command line is wrong. The message says what is wrong and how to write it. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super(message, USAGE_EXIT_CODE, options);
  }
}

/** A mistake in the command line. */
export const USAGE_EXIT_CODE = 2;
