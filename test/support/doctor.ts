import { runProgram } from '../../src/cli/program.ts';
import type { CheckName, CheckResult, CheckStatus } from '../../src/domain/doctor-report.ts';

export interface Examination {
  readonly exitCode: number;
  readonly status: CheckStatus;
  readonly checks: readonly CheckResult[];
  /** The checks that are not ok, with their status. */
  readonly wrong: Partial<Record<CheckName, CheckStatus>>;
  of(check: CheckName): CheckResult;
}

/** Runs `purser doctor --json` in this process. */
export async function examine(
  environment: Readonly<Record<string, string>>,
  ...argv: readonly string[]
): Promise<Examination> {
  let stdout = '';
  const output = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => undefined } };
  const exitCode = await runProgram(['doctor', '--json', ...argv], { ...environment, LOG_LEVEL: 'silent' }, output);
  const { status, checks }: { status: CheckStatus; checks: CheckResult[] } = JSON.parse(stdout);
  return {
    exitCode,
    status,
    checks,
    wrong: Object.fromEntries(
      checks.filter((check) => check.status !== 'ok').map((check) => [check.check, check.status]),
    ),
    of(name) {
      const found = checks.find(({ check }) => check === name);
      if (!found) throw new Error(`the report has no line for ${name}`);
      return found;
    },
  };
}

/** Plants a fault, and takes it out again whatever the test finds. */
export async function withFault(
  sql: (text: string) => Promise<unknown>,
  { plant, remedy }: { readonly plant: string; readonly remedy: string },
  test: () => Promise<void>,
): Promise<void> {
  await sql(plant);
  try {
    await test();
  } finally {
    await sql(remedy);
  }
}
