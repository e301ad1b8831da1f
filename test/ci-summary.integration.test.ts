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
function printed(...contents: readonly (string | object)[]): { text: string; exitCode: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'purser-summary-'));
  const paths = contents.map((content, index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  });
  const { stdout, status } = spawnSync(process.execPath, [SUMMARY, ...paths], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { text: stdout, exitCode: status };
}

function summary(...contents: readonly (string | object)[]): { line: string; exitCode: number | null } {
  const { text, exitCode } = printed(...contents);
  return { line: text.replace(/^[\s\S]*\n(?=.)/, ''), exitCode };
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

describe('the lines before it', () => {
  const name = join(process.cwd(), 'test/clock.test.ts');
  const test = (status: Status, fullName: string, ...failureMessages: string[]) => ({
    status,
    fullName,
    failureMessages,
  });
  const results = (status: 'passed' | 'failed', ...assertionResults: object[]) => ({
    success: status === 'passed',
    testResults: [{ name, status, message: '', assertionResults }],
  });

  it('name each skipped and each failed test, with its file, its whole failure and where it was', () => {
    const failure = [
      '\u001b[31mAssertionError\u001b[39m: expected [',
      "  'late',",
      '] to deeply equal []',
      '    at check (node_modules/expect/index.js:1:1)',
      `    at strike (${process.cwd()}/test/clock.test.ts:12:3)`,
      `    at run (${process.cwd()}/test/other.test.ts:1:1)`,
    ].join('\n');
    const { text } = printed(
      results(
        'passed',
        test('passed', 'a clock goes on'),
        test('skipped', 'a clock is wound up'),
        test('todo', 'a clock rings'),
      ),
      results('failed', test('failed', 'a clock strikes two', failure)),
    );
    expect(text.split('\n')).toEqual([
      'skipped (0.json): test/clock.test.ts > a clock is wound up',
      'skipped (0.json): test/clock.test.ts > a clock rings',
      'failed (1.json): test/clock.test.ts > a clock strikes two',
      '    AssertionError: expected [',
      "      'late',",
      '    ] to deeply equal []',
      '    at strike (test/clock.test.ts:12:3)',
      '1 passed, 1 failed, 2 skipped',
      '',
    ]);
  });

  it('say which files took long, the longest first', () => {
    const took = (seconds: number, file: string) => ({
      name: join(process.cwd(), file),
      status: 'passed',
      startTime: 1_000,
      endTime: 1_000 + seconds * 1_000,
      assertionResults: [test('passed', 'a clock goes on')],
    });
    const { text } = printed(
      { success: true, testResults: [took(30.4, 'test/a.test.ts'), took(19, 'test/b.test.ts')] },
      { success: true, testResults: [took(600, 'test/c.test.ts')] },
    );
    expect(text).toBe('600 s (1.json): test/c.test.ts\n30 s (0.json): test/a.test.ts\n3 passed, 0 failed\n');
  });

  it('name a file that could not be loaded, with the reason', () => {
    const message = 'Cannot find module ./hands.ts\nRequire stack: …';
    const { text } = printed({
      success: false,
      testResults: [{ name, status: 'failed', message, assertionResults: [] }],
    });
    expect(text).toBe(
      'failed (0.json): test/clock.test.ts > the file itself\n    Cannot find module ./hands.ts\n    Require stack: …\n0 passed, 1 failed\n',
    );
  });

  it('stay few and short however much fails', () => {
    const failing = Array.from({ length: 7000 }, (_, index) => test('failed', `test ${index}`, 'x'.repeat(5000)));
    const { text } = printed(results('failed', ...failing));
    expect(text).toContain('\nfailed: 6900 more\n0 passed, 7000 failed\n');
    expect(text.length).toBeLessThan(50_000);
  });
});
