import type { ReactNode } from 'react';
import { Verdicts } from '../../components/test-result.tsx';
import { PROVE as TEXTS } from '../../texts/rotate.ts';
import css from '../registry/registry.module.css';
import type { ComparedTests } from './compared-tests.ts';

interface ComparisonProps {
  readonly compared: ComparedTests;
  /** Version numbers. */
  readonly staged: number;
  readonly active: number;
  /** What follows from it, above the verdicts. */
  readonly children: ReactNode;
}

/** What both versions proved at the same moment, side by side. */
export function Comparison({ compared, staged, active, children }: ComparisonProps) {
  return (
    <section className={css.stack} aria-label={TEXTS.compared} aria-live="polite">
      {children}
      <div className={css.columns}>
        <div className={css.list}>
          <h3>{TEXTS.ofStaged(staged)}</h3>
          <Verdicts finding={compared.staged} />
        </div>
        <div className={css.list}>
          <h3>{TEXTS.ofActive(active)}</h3>
          {compared.active ? <Verdicts finding={compared.active} /> : <p>{TEXTS.noActive}</p>}
        </div>
      </div>
    </section>
  );
}
