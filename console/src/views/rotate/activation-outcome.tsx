import { ACTIVATE as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';

interface ActivationOutcomeProps {
  /** Version numbers. */
  readonly staged: number;
  readonly active: number;
  readonly isTested: boolean;
  /** Version number; null if no older version is kept. */
  readonly retiring: number | null;
  /** Undefined while it is not known. */
  readonly activeLeases: number | undefined;
  readonly graceMinutes: number;
}

/** What an activation does, in the order in which it happens. */
export function ActivationOutcome(props: ActivationOutcomeProps) {
  const { staged, active, retiring, isTested, activeLeases, graceMinutes } = props;
  const ofLeases = () => {
    if (activeLeases === 0) return TEXTS.nobody(active);
    return graceMinutes === 0 ? TEXTS.lost(activeLeases, active) : TEXTS.kept(activeLeases, active, graceMinutes);
  };
  return (
    <section className={css.list}>
      <h3>{TEXTS.outcome}</h3>
      <ol className={css.bullets}>
        <li>{isTested ? TEXTS.tested(active) : TEXTS.untested}</li>
        <li>{TEXTS.becomes(staged)}</li>
        <li>{ofLeases()}</li>
        {retiring !== null && <li>{TEXTS.ends(retiring)}</li>}
        <li>{TEXTS.revoke}</li>
      </ol>
    </section>
  );
}
