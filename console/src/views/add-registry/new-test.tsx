import type { TestNewCredentialMutation } from '../../api/generated/graphql.ts';
import { Banner } from '../../components/banner.tsx';
import { Marked } from '../../components/marked.tsx';
import { TestResult } from '../../components/test-result.tsx';
import { Time } from '../../components/time.tsx';
import { ADD_REGISTRY as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';

interface NewTestProps {
  readonly test: { readonly data: TestNewCredentialMutation | undefined; readonly isPending: boolean };
  /** Something was entered since. */
  readonly isStale: boolean;
}

/** What a test of what is entered found. Nothing of it is stored. */
export function NewTest({ test: { data, isPending }, isStale }: NewTestProps) {
  return (
    <div aria-live="polite" className={css.found}>
      {isPending && <p className={css.soft}>{TEXTS.testing}</p>}
      {data !== undefined && !isPending && (
        <>
          <h3>{TEXTS.tested}</h3>
          {isStale && <p className={css.soft}>{TEXTS.stale}</p>}
          <TestResult health={data.testCredentials} />
          {data.testCredentials.expiresAt !== null && (
            <p>
              {TEXTS.expires} <Time at={data.testCredentials.expiresAt} />
            </p>
          )}
          {data.testCredentials.warnings.map((warning) => (
            <Banner key={warning} kind="warning">
              <Marked text={warning} />
            </Banner>
          ))}
        </>
      )}
    </div>
  );
}
