import { useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Switch } from '../../components/checkbox.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import { Time } from '../../components/time.tsx';
import { FACTS, HISTORY } from '../../texts/registry-history.ts';
import { FactValue } from './fact-value.tsx';
import css from './history.module.css';
import shared from './registry.module.css';
import { differences, FACT_NAMES, type Facts, factsOf } from './registry-facts.ts';
import { REGISTRY_AS_OF } from './registry-operations.ts';
import type { ShownRegistry } from './shown-registry.ts';

const TEXTS = HISTORY.travel;

interface RegistryThenProps {
  readonly registry: ShownRegistry;
  readonly asOf: string;
  readonly onReturn: () => void;
}

/** The registry at a moment, beside what it is now. */
export function RegistryThen({ registry, asOf, onReturn }: RegistryThenProps) {
  const { projectId, id } = registry;
  const query = useApiQuery(REGISTRY_AS_OF, { projectId, id, at: asOf });
  const then = query.data?.registryAsOf;
  return (
    <Card
      title={
        <>
          {TEXTS.heading} <Time at={asOf} show="absolute" />
        </>
      }
      actions={
        <Button small onPress={onReturn}>
          {TEXTS.now}
        </Button>
      }
    >
      {query.data === undefined && query.error === null && <LoadingState what={TEXTS.heading} />}
      {query.error !== null && (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      )}
      {then === null && <EmptyState icon="history" title={TEXTS.absent} />}
      {then && (
        <div className={shared.stack}>
          <div>
            <StatusBadge status={CREDENTIAL_STATUSES[then.credential.status]} />
          </div>
          <Comparison then={factsOf(then)} now={factsOf(registry)} />
        </div>
      )}
    </Card>
  );
}

function Comparison({ then, now }: { then: Facts; now: Facts }) {
  const [isAll, setAll] = useState(false);
  const changed = new Set(differences(then, now).map(({ fact }) => fact));
  const shown = FACT_NAMES.filter((fact) => changed.has(fact) || (isAll && then[fact] !== null));
  return (
    <>
      <p role="status">{changed.size === 0 ? TEXTS.same : TEXTS.differs(changed.size)}</p>
      <Switch isSelected={isAll} onChange={setAll}>
        {TEXTS.unchanged}
      </Switch>
      {shown.length > 0 && (
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{TEXTS.fact}</th>
              <th scope="col">{TEXTS.was}</th>
              <th scope="col">{TEXTS.is}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((fact) => (
              <tr key={fact}>
                <th scope="row">{FACTS[fact]}</th>
                <td>
                  <span className={changed.has(fact) ? css.was : undefined}>
                    <FactValue fact={fact} value={then[fact]} />
                  </span>
                </td>
                <td>
                  <FactValue fact={fact} value={now[fact]} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className={`${shared.soft} ${shared.small}`}>{TEXTS.tests}</p>
    </>
  );
}
