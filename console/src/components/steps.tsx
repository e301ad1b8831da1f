import type { ReactNode } from 'react';
import { STEPS as SAID } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import css from './steps.module.css';

export interface Step {
  readonly id: string;
  readonly title: string;
  readonly state: 'done' | 'current' | 'coming';
  /** Under a step that is done: what came of it. */
  readonly result?: ReactNode;
  /** What is to be done now; shown for the current step only. */
  readonly children?: ReactNode;
}

/** A path whose steps are taken in order. */
export function Steps({ label, steps }: { readonly label: string; readonly steps: readonly Step[] }) {
  return (
    <ol className={css.steps} aria-label={label}>
      {steps.map(({ id, title, state, result, children }, at) => (
        <li
          key={id}
          className={classNames(css.step, css[state])}
          {...(state === 'current' && { 'aria-current': 'step' as const })}
        >
          <span className={css.number} aria-hidden>
            {state === 'done' ? <Icon name="check" size="small" /> : at + 1}
          </span>
          <div className={css.words}>
            <h2 className={css.title}>
              {title}
              <span className={css.spoken}>: {SAID[state]}</span>
            </h2>
            {state === 'done' && result !== undefined && <div className={css.result}>{result}</div>}
            {state === 'current' && children !== undefined && <div className={css.content}>{children}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
