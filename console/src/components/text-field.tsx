import { type ReactNode, useEffect, useState } from 'react';
import {
  SearchField as AriaSearchField,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
  Button,
  Group,
  Input,
} from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import { Icon } from './icon.tsx';
import css from './text-field.module.css';

type TextProps = FieldProps &
  Omit<AriaTextFieldProps, 'children' | 'className' | 'style' | 'name' | 'isInvalid'> & {
    readonly placeholder?: string;
    /** For URLs, ids and digests. */
    readonly mono?: boolean;
  };

/** A line of text. Without `value` it keeps its own, which a form reads when it is sent. */
export function TextField({ placeholder, mono = false, ...frame }: TextProps) {
  return (
    <TextFrame {...frame}>
      <Input className={classNames(fieldStyles.control, mono && fieldStyles.mono)} placeholder={placeholder ?? ''} />
    </TextFrame>
  );
}

type TextAreaProps = TextProps & { readonly rows?: number };

export function TextArea({ placeholder, mono = false, rows = 4, ...frame }: TextAreaProps) {
  return (
    <TextFrame {...frame}>
      <AriaTextArea
        className={classNames(fieldStyles.control, fieldStyles.area, mono && fieldStyles.mono)}
        placeholder={placeholder ?? ''}
        rows={rows}
      />
    </TextFrame>
  );
}

type TextFrameProps = Omit<TextProps, 'placeholder' | 'mono'> & { readonly children: ReactNode };

/** The label above what is typed into, and the notes below. */
function TextFrame({ label, help, error, optional, aside, name, children, ...rest }: TextFrameProps) {
  return (
    <AriaTextField
      {...rest}
      {...(name !== undefined && { name, 'data-field': name })}
      {...(error !== undefined && { isInvalid: true })}
      className={fieldStyles.field}
    >
      <FieldLabel label={label} {...(optional && { optional })} aside={aside} />
      {children}
      <FieldNotes help={help} error={error} />
    </AriaTextField>
  );
}

interface SearchFieldProps {
  /** Its name for screen readers; the placeholder shows it. */
  readonly label: string;
  readonly value: string;
  /** Called when typing has paused, on Enter, and when it is cleared. */
  readonly onChange: (value: string) => void;
  /** In milliseconds. */
  readonly pause?: number;
}

export function SearchField({ label, value, onChange, pause = 250 }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  // The address changed in another way, such as by the back button.
  if (value !== seen) {
    setSeen(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), pause);
    return () => clearTimeout(timer);
  }, [typed, value, onChange, pause]);
  return (
    <AriaSearchField
      aria-label={label}
      value={typed}
      onChange={setTyped}
      onSubmit={onChange}
      onClear={() => onChange('')}
      className={classNames(css.search)}
    >
      <Group className={fieldStyles.control}>
        <Icon name="search" className={css.glass} />
        <Input className={fieldStyles.bare} placeholder={label} />
        {typed !== '' && (
          <Button className={fieldStyles.inside} aria-label={PARTS.clear}>
            <Icon name="close" size="small" />
          </Button>
        )}
      </Group>
    </AriaSearchField>
  );
}
