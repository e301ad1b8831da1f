import { runProgram } from '../../src/cli/program.ts';

export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in this process. */
export async function printed(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Printed> {
  return printedOn({}, env, ...argv);
}

/** As `printed`, with a standard output that says this of itself. */
export async function printedOn(
  terminal: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string>>,
  ...argv: readonly string[]
): Promise<Printed> {
  let [stdout, stderr] = ['', ''];
  const output = {
    stdout: { ...terminal, write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const code = await runProgram(argv, { ...env, LOG_LEVEL: 'silent' }, output);
  return { code, stdout, stderr };
}
