import { hasCode, isRecord } from '../../api/errors.ts';
import type { ProbeOutcome, Verdict } from '../../api/generated/graphql.ts';
import { PROBE_OUTCOMES, VERDICTS } from '../../components/statuses.ts';
import type { TestFinding } from '../../components/test-result.tsx';

export interface ComparedTests {
  readonly staged: TestFinding;
  /** Null if the password of the current version is missing. */
  readonly active: TestFinding | null;
}

/** What a refused activation found of both versions; undefined for any other error. */
export function comparedTests(error: unknown): ComparedTests | undefined {
  if (!hasCode(error, 'VERIFICATION_FAILED')) return undefined;
  const staged = findingOf(error.extensions.staged);
  return staged && { staged, active: findingOf(error.extensions.active) ?? null };
}

function findingOf(value: unknown): TestFinding | undefined {
  if (!isRecord(value) || !isOutcome(value.outcome)) return undefined;
  return {
    outcome: value.outcome,
    login: verdict(value.login),
    pull: verdict(value.pull),
    push: verdict(value.push),
    advice: text(value.advice),
    repository: text(value.repository),
  };
}

function isOutcome(value: unknown): value is ProbeOutcome {
  return typeof value === 'string' && Object.hasOwn(PROBE_OUTCOMES, value);
}

function verdict(value: unknown): Verdict {
  return isVerdict(value) ? value : 'UNKNOWN';
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'string' && Object.hasOwn(VERDICTS, value);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
