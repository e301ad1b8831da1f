import { Banner } from '../../components/banner.tsx';
import { NOW as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import type { ShownRegistry } from '../registry/shown-registry.ts';
import { useLeaseCounts } from '../registry/use-lease-counts.ts';

export function ImmediateConsequences({ registry: { projectId, id, usage } }: { registry: ShownRegistry }) {
  useLeaseCounts(projectId, id);
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
