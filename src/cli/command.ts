import type { ParseArgsConfig } from 'node:util';
import { OperatorError } from '../domain/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** One command of the program. */
export interface Command {
  /** In one line. */
  readonly summary: string;
  /** Its options, as usage lines write them. */
  readonly usage: string;
  /** The rest of what `--help` prints. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** @returns the process's exit code @throws OperatorError */
  run(options: Options, env: Environment, output: Output): Promise<number>;
}

export type Options = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** What `--help` says of commands without options. */
export const CONFIGURED = 'Environment variables configure it: docs/configuration.md names them.\n';

/** The command line is wrong. The message says what, and how it is written. */
export class UsageError extends OperatorError {
  override readonly name = 'UsageError';
}
