import { useApiQuery } from '../../api/use-api-query.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Few } from '../../components/few.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';
import { IMPACT as TEXTS } from '../../texts/rotate.ts';
import { LeaseTable } from '../registry/lease-table.tsx';
import css from '../registry/registry.module.css';
import { LEASES_READ_MS } from '../registry/usage-operations.ts';
import { CHANGE_IMPACT } from './rotation-operations.ts';
import type { StepProps } from './step-props.ts';

export function ImpactStep({ registry: { projectId, id }, onGo }: StepProps) {
  const query = useApiQuery(CHANGE_IMPACT, { projectId, id }, { refetchInterval: LEASES_READ_MS });
  const impact = query.data?.changeImpact;
  return (
    <div className={css.stack}>
      <Card>
        {impact === undefined && query.error === null && <LoadingState what={TEXTS.what} />}
        {impact === undefined && query.error !== null && (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
        )}
        {impact && (
          <div className={css.stack}>
            {impact.activeLeaseCount === 0 ? (
              <EmptyState icon="ok" title={TEXTS.none}>
                {TEXTS.noneHelp}
              </EmptyState>
            ) : (
              <>
                <p>{TEXTS.leases(impact.activeLeaseCount)}</p>
                <Few items={impact.activeLeases}>
                  {(shown) => <LeaseTable label={TEXTS.leasesTitle} leases={shown} isBrief empty={null} />}
                </Few>
                {impact.activeLeaseCount > impact.activeLeases.length && (
                  <p className={css.soft}>{TEXTS.more(impact.activeLeases.length)}</p>
                )}
              </>
            )}
            {impact.pipelinesLast30Days.length > 0 && (
              <section className={css.list}>
                <h3>{TEXTS.lately}</h3>
                <p className={css.soft}>{TEXTS.latelyHelp}</p>
                <Few items={impact.pipelinesLast30Days}>
                  {(shown) => (
                    <ul className={css.bullets}>
                      {shown.map(({ pipeline, lastUsedAt }) => (
                        <li key={pipeline} className={css.break}>
                          {pipeline}
                          {lastUsedAt !== null && (
                            <span className={css.soft}>
                              {' · '}
                              <Time at={lastUsedAt} show="relative" />
                            </span>
                          )}
                        </li>
                      ))}
                    </ul>
                  )}
                </Few>
              </section>
            )}
          </div>
        )}
      </Card>
      <Banner title={TEXTS.first} />
      <div className={css.line}>
        <Button kind="primary" onPress={() => onGo({ step: 'enter' })}>
          {TEXTS.go}
        </Button>
        <Button onPress={() => onGo({ step: 'now' })}>{TEXTS.now}</Button>
        <span className={css.soft}>{TEXTS.nowHelp}</span>
      </div>
    </div>
  );
}
