import { describe, expect, it } from 'vitest';
import {
  type CheckResult,
  counted,
  createExamples,
  exitCodeOf,
  failed,
  notChecked,
  ok,
  reportLine,
  warning,
  worstOf,
} from '../../src/domain/doctor-report.ts';

const result = (finding: ReturnType<typeof ok>): CheckResult => ({ check: 'keys', ...finding });

describe('the report of the doctor', () => {
  it('has one line for each check, with what was found, what was repaired and what to do', () => {
    expect(reportLine(result(ok('all is well')))).toBe('ok       keys               all is well.');
    expect(reportLine(result(warning('one is old', 'Replace it.')))).toBe(
      'warning  keys               one is old. Fix: Replace it.',
    );
    expect(reportLine(result(failed('two\nlines', 'Do it.', 'one of them')))).toBe(
      'failed   keys               two lines. Repaired: one of them. Fix: Do it.',
    );
  });

  it.each([
    ['ok', [], 0],
    ['ok', [ok('a')], 0],
    ['warning', [ok('a'), warning('b', 'c')], 3],
    ['failed', [warning('a', 'b'), notChecked('keys'), ok('c')], 1],
  ] as const)('says %s of %j, with its exit code', (status, findings, code) => {
    expect(worstOf(findings.map(result))).toBe(status);
    expect(exitCodeOf(status)).toBe(code);
  });

  it('names a few, and counts the others', () => {
    const examples = createExamples();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) examples.add(name);
    expect([examples.count, examples.text]).toEqual([7, 'a, b, c, d, e and 2 more']);
    expect([counted(0, 'event'), counted(1, 'event'), counted(2, 'entry', 'entries')]).toEqual([
      'no event',
      '1 event',
      '2 entries',
    ]);
  });
});
