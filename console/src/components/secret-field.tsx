import { type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from 'react';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { ErrorText, type FieldProps, fieldStyles, useFieldError } from './field.tsx';
import { Icon } from './icon.tsx';
import css from './secret-field.module.css';

export interface SecretHandle {
  /** What was typed. Read it once, when the request is made. */
  read: () => string;
  /** Empties the field: call it when the request has left, whatever became of it. */
  clear: () => void;
  /** As if it had been typed: for what is read from a file. */
  fill: (secret: string) => void;
  focus: () => void;
}

interface SecretFieldProps extends Omit<FieldProps, 'aside' | 'optional'> {
  readonly ref: Ref<SecretHandle>;
  /** For keys that span lines, such as the JSON of a service account. */
  readonly multiline?: boolean;
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  /** Told whether there is something in it, never what. */
  readonly onFilled?: (isFilled: boolean) => void;
}

/** A typed secret is in the DOM only: not in the state of a component, and in no form data, as the input has no name. */
export function SecretField(props: SecretFieldProps) {
  const { ref, label, help, error, name, multiline = false, placeholder, isRequired = false, onFilled } = props;
  const id = useId();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const [isShown, setShown] = useState(false);
  const [isFilled, setFilled] = useState(false);
  const problem = useFieldError(name, error);

  function noticed(): void {
    const filled = input.current?.value !== '';
    if (filled === isFilled) return;
    setFilled(filled);
    onFilled?.(filled);
  }

  useImperativeHandle(ref, () => ({
    read: () => input.current?.value ?? '',
    clear: () => {
      if (input.current !== null) input.current.value = '';
      setShown(false);
      noticed();
    },
    fill: (secret) => {
      if (input.current !== null) input.current.value = secret;
      noticed();
    },
    focus: () => input.current?.focus(),
  }));

  useEffect(() => {
    const element = input.current;
    // A page that is left keeps nothing, even if the browser keeps the page.
    return () => {
      if (element !== null) element.value = '';
    };
  }, []);

  const attributes = {
    id,
    ref: input,
    placeholder,
    onInput: noticed,
    required: isRequired,
    spellCheck: false,
    autoCapitalize: 'off',
    autoCorrect: 'off',
    autoComplete: 'new-password',
    'aria-invalid': problem !== undefined,
    'aria-describedby': classNames(help !== undefined && `${id}-help`, problem !== undefined && `${id}-error`),
  } as const;
  return (
    <div className={fieldStyles.field} data-field={name}>
      <label htmlFor={id} className={css.label}>
        {label}
      </label>
      <div className={classNames(css.frame, multiline && css.tall)}>
        {multiline ? (
          <textarea
            {...attributes}
            rows={6}
            className={classNames(fieldStyles.control, fieldStyles.area, fieldStyles.mono, !isShown && css.masked)}
          />
        ) : (
          <input
            {...attributes}
            type={isShown ? 'text' : 'password'}
            className={classNames(fieldStyles.control, fieldStyles.mono)}
          />
        )}
        <button
          type="button"
          className={classNames(fieldStyles.inside, css.toggle)}
          aria-label={PARTS.show(label)}
          aria-pressed={isShown}
          aria-controls={id}
          onClick={() => setShown(!isShown)}
        >
          <Icon name={isShown ? 'eye-off' : 'eye'} />
        </button>
      </div>
      {help !== undefined && (
        <span id={`${id}-help`} className={fieldStyles.help}>
          {help}
        </span>
      )}
      {problem !== undefined && (
        <span id={`${id}-error`} className={fieldStyles.error}>
          <ErrorText>{problem}</ErrorText>
        </span>
      )}
    </div>
  );
}
