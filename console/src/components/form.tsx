import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Form as AriaForm } from 'react-aria-components';
import { Banner } from './banner.tsx';
import { PENDING_SUBMIT } from './button.tsx';
import { classNames } from './class-names.ts';
import type { Failure } from './failure.ts';
import css from './form.module.css';

interface FormProps {
  readonly onSubmit: (form: FormData) => void;
  /** What the service said to the last attempt; null while there is none. */
  readonly error: Failure | null;
  readonly children: ReactNode;
  /** The buttons, at the end. */
  readonly actions?: ReactNode;
  readonly 'aria-label'?: string;
}

const FOCUSABLE = 'input:not([type="hidden"]), textarea, button, [tabindex="0"]';

function fieldNamed(form: HTMLFormElement, name: string): Element | null {
  return form.querySelector(`[data-field="${CSS.escape(name)}"]`);
}

/**
 * Puts an error at the field that it names, and the focus there; an error that names no field of this form stands above the buttons, and
 * is announced. It goes away when the field is edited. While its button `isPending`, nothing is submitted. The browser checks nothing by itself: its sentences would differ from the service's.
 */
export function Form({ onSubmit, error, children, actions, ...rest }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [isAtField, setAtField] = useState(false);
  const [edited, setEdited] = useState<Failure | null>(null);

  useEffect(() => {
    const field = error?.field === undefined || form.current === null ? null : fieldNamed(form.current, error.field);
    setAtField(field !== null);
    const input = field?.querySelector(FOCUSABLE);
    if (input instanceof HTMLElement) input.focus();
    if (field === null) return;
    // Not when the field is left, as React Aria does: what stands below would move away under the pointer that presses it.
    // And not at once: React would draw the field as it was, before it has heard of the input.
    const clear = () => setTimeout(() => setEdited(error));
    field.addEventListener('input', clear);
    return () => field.removeEventListener('input', clear);
  }, [error]);

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    // Enter in a field submits whatever the button shows: what is being sent must not be sent again.
    if (event.currentTarget.querySelector(PENDING_SUBMIT) !== null) return;
    onSubmit(new FormData(event.currentTarget));
  }

  return (
    <AriaForm
      {...rest}
      ref={form}
      validationBehavior="aria"
      validationErrors={error?.field === undefined || error === edited ? {} : { [error.field]: error.message }}
      onSubmit={submit}
      className={classNames(css.form)}
    >
      {children}
      {error !== null && !isAtField && (
        <Banner kind="danger" title={error.message}>
          {error.requestId !== undefined && <>Request {error.requestId}</>}
        </Banner>
      )}
      {actions !== undefined && <div className={css.actions}>{actions}</div>}
    </AriaForm>
  );
}

/** Fields side by side where there is room. */
export function FieldRow({ children }: { readonly children: ReactNode }) {
  return <div className={css.row}>{children}</div>;
}
