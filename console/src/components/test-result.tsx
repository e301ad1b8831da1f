import type { HealthDetailsFragment } from '../api/generated/graphql.ts';
import { HEALTH as TEXTS } from '../texts/registry.ts';
import { Banner } from './banner.tsx';
import { KeyValueList } from './card.tsx';
import { Marked } from './marked.tsx';
import { StatusBadge } from './status-badge.tsx';
import { PROBE_OUTCOMES, VERDICTS } from './statuses.ts';
import css from './test-result.module.css';
import { Duration, Time } from './time.tsx';

/** The part of a test's result that a refused activation tells as well. */
export type TestFinding = Pick<HealthDetailsFragment, 'outcome' | 'login' | 'pull' | 'push' | 'advice' | 'repository'>;

const METHODS: Readonly<Record<string, string>> = TEXTS.methods;

/** What a test of a credential found: as a whole, right by right, and what to do about it. */
export function TestResult({ health }: { readonly health: HealthDetailsFragment }) {
  const { testedAt, durationMs, method } = health;
  return (
    <div className={css.result}>
      <Verdicts finding={health} />
      <KeyValueList
        entries={[
          { label: TEXTS.tested, value: <Time at={testedAt} /> },
          { label: TEXTS.took, value: <Duration seconds={durationMs / 1000} /> },
          { label: TEXTS.version, value: health.credentialVersion },
          { label: TEXTS.method, value: method && (METHODS[method] ?? method) },
        ]}
      />
    </div>
  );
}

export function Verdicts({ finding }: { readonly finding: TestFinding }) {
  const { outcome, advice, repository } = finding;
  return (
    <div className={css.result}>
      <div className={css.head}>
        <StatusBadge status={PROBE_OUTCOMES[outcome]} />
        <span className={css.soft}>
          {repository === null ? TEXTS.loginOnly : <code className={css.repository}>{repository}</code>}
        </span>
      </div>
      {advice !== null && (
        <Banner kind={outcome === 'OK' ? 'info' : 'warning'} title={TEXTS.fix}>
          <Marked text={advice} />
        </Banner>
      )}
      <ul className={css.checks}>
        {(['login', 'pull', 'push'] as const).map((check) => (
          <li key={check} className={css.check}>
            <span>{TEXTS.checks[check]}</span>
            <StatusBadge status={VERDICTS[finding[check]]} plain />
          </li>
        ))}
      </ul>
    </div>
  );
}
