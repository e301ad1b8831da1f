import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SUMMARY = fileURLToPath(new URL('../.ci/summary.mjs', import.meta.url));

type Status = 'passed' | 'failed' | 'skipped' | 'todo';

function file(status: 'passed' | 'failed', ...tests: Status[]) {
  return { status, assertionResults: tests.map((result) => ({ status: result })) };
}

/** Of one run, or of several. */
function summary(...contents: readonly (string | object)[]): { line: string; exitCode: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'purser-summary-'));
  const paths = contents.map((content, index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  });
  const { stdout, status } = spawnSync(process.execPath, [SUMMARY, ...paths], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { line: stdout, exitCode: status };
}

describe('the last line of the checks', () => {
  it('counts what passed', () => {
    const results = { success: true, testResults: [file('passed', 'passed', 'passed'), file('passed', 'passed')] };
    expect(summary(results)).toEqual({ line: '3 passed, 0 failed\n', exitCode: 0 });
  });

  it('names skipped tests', () => {
    const results = { success: true, testResults: [file('passed', 'passed', 'skipped', 'todo')] };
    expect(summary(results)).toEqual({ line: '1 passed, 0 failed, 2 skipped\n', exitCode: 0 });
  });

  it('fails with a failed test', () => {
    const results = { success: false, testResults: [file('failed', 'passed', 'failed')] };
    expect(summary(results)).toEqual({ line: '1 passed, 1 failed\n', exitCode: 1 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const results = { success: false, testResults: [file('passed', 'passed'), file('failed')] };
    expect(summary(results)).toEqual({ line: '1 passed, 1 failed\n', exitCode: 1 });
  });

  it('fails when the run failed for another reason', () => {
    const results = { success: false, testResults: [file('passed', 'passed')] };
    expect(summary(results)).toEqual({ line: '1 passed, 0 failed\n', exitCode: 1 });
  });

  it.each(['', '{"success":true,"testResults":[]}'])('fails when no test ran: %j', (content) => {
    expect(summary(content)).toEqual({ line: '0 passed, 0 failed\n', exitCode: 1 });
  });

  it('sums up several runs, all of which must pass', () => {
    const passing = { success: true, testResults: [file('passed', 'passed', 'passed', 'skipped')] };
    const failing = { success: false, testResults: [file('failed', 'passed', 'failed')] };
    expect(summary(passing, passing)).toEqual({ line: '4 passed, 0 failed, 2 skipped\n', exitCode: 0 });
    for (const runs of [
      [passing, failing],
      [failing, passing],
    ]) {
      expect(summary(...runs)).toEqual({ line: '3 passed, 1 failed, 1 skipped\n', exitCode: 1 });
    }
    expect(summary(passing, '')).toEqual({ line: '2 passed, 0 failed, 1 skipped\n', exitCode: 1 });
    expect(summary()).toEqual({ line: '0 passed, 0 failed\n', exitCode: 1 });
  });
});
