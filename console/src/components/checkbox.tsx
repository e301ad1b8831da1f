import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  type CheckboxProps as AriaCheckboxProps,
  Switch as AriaSwitch,
  type SwitchProps as AriaSwitchProps,
} from 'react-aria-components';
import css from './checkbox.module.css';
import { classNames } from './class-names.ts';

interface Words {
  readonly children: ReactNode;
  /** What follows from it, under the label. */
  readonly help?: ReactNode;
}

function Text({ children, help }: Words) {
  return (
    <span className={css.words}>
      <span>{children}</span>
      {help !== undefined && <span className={css.help}>{help}</span>}
    </span>
  );
}

type CheckboxProps = Words & Omit<AriaCheckboxProps, 'children' | 'className' | 'style'>;

export function Checkbox({ children, help, ...rest }: CheckboxProps) {
  return (
    <AriaCheckbox {...rest} className={classNames(css.choice)}>
      {({ isIndeterminate }) => (
        <>
          <span className={css.box}>
            <svg viewBox="0 0 16 16" aria-hidden>
              <path d={isIndeterminate ? 'M4 8h8' : 'm3.5 8.5 3 3 6-6.5'} />
            </svg>
          </span>
          <Text help={help}>{children}</Text>
        </>
      )}
    </AriaCheckbox>
  );
}

type SwitchProps = Words & Omit<AriaSwitchProps, 'children' | 'className' | 'style'>;

/** For what takes effect at once; a `Checkbox` is for what a form sends. */
export function Switch({ children, help, ...rest }: SwitchProps) {
  return (
    <AriaSwitch {...rest} className={classNames(css.choice)}>
      <span className={css.track}>
        <span className={css.thumb} />
      </span>
      <Text help={help}>{children}</Text>
    </AriaSwitch>
  );
}
