import { useApiQuery } from '../../api/use-api-query.ts';
import { Banner } from '../../components/banner.tsx';
import { NOW as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import { REGISTRY } from '../registry/registry-operations.ts';
import type { ShownRegistry } from '../registry/shown-registry.ts';
import { LEASES_READ_MS } from '../registry/usage-operations.ts';

export function ImmediateConsequences({ registry: { projectId, id, usage } }: { registry: ShownRegistry }) {
  // The count of leases: their beginnings and ends are no changes of the registry.
  useApiQuery(REGISTRY, { projectId, id }, { refetchInterval: LEASES_READ_MS });
  return (
    <Banner kind="warning" title={TEXTS.confirm(usage.activeLeases)}>
      <ul className={css.bullets}>
        {TEXTS.consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
    </Banner>
  );
}
