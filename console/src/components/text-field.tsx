import { type ReactNode, useCallback, useEffect, useState } from 'react';
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
  // What was handed out and has not come back as `value`: more is typed while the router changes the address.
  const [handedOut, setHandedOut] = useState<readonly string[]>([]);
  if (value !== seen) {
    setSeen(value);
    const place = handedOut.lastIndexOf(value);
    setHandedOut(place === -1 ? [] : handedOut.slice(place + 1));
    // The address changed in another way, such as by the back button.
    if (place === -1) setTyped(value);
  }
  const latest = handedOut.at(-1) ?? value;
  const handOut = useCallback(
    (text: string) => {
      if (text === latest) return;
      setHandedOut((before) => [...before, text]);
      onChange(text);
    },
    [latest, onChange],
  );
  useEffect(() => {
    const timer = setTimeout(() => handOut(typed.trim()), pause);
    return () => clearTimeout(timer);
  }, [typed, handOut, pause]);

  return (
    <AriaSearchField
      aria-label={label}
      value={typed}
      onChange={setTyped}
      onSubmit={(text) => handOut(text.trim())}
      onClear={() => handOut('')}
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
