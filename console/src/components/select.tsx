import { Select as AriaSelect, Button, type Key, SelectValue } from 'react-aria-components';
import { classNames } from './class-names.ts';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import { Icon } from './icon.tsx';
import { type Option, Options } from './options.tsx';
import css from './select.module.css';

interface SelectProps<Id extends string> extends FieldProps {
  readonly options: readonly Option<Id>[];
  readonly value: Id | null;
  readonly onChange: (value: Id) => void;
  readonly placeholder?: string;
  readonly isDisabled?: boolean;
  /** The label is for screen readers only, as what stands around says it. */
  readonly hideLabel?: boolean;
}

/** One of a few. */
export function Select<Id extends string>(props: SelectProps<Id>) {
  const { options, value, onChange, label, help, error, optional, aside, name, hideLabel = false } = props;
  function choose(key: Key | null): void {
    const chosen = options.find(({ id }) => id === key);
    if (chosen !== undefined) onChange(chosen.id);
  }
  return (
    <AriaSelect
      {...(name !== undefined && { name, 'data-field': name })}
      {...(error !== undefined && { isInvalid: true })}
      {...(hideLabel && { 'aria-label': label })}
      placeholder={props.placeholder ?? 'Choose'}
      isDisabled={props.isDisabled ?? false}
      value={value}
      onChange={choose}
      className={fieldStyles.field}
    >
      {!hideLabel && <FieldLabel label={label} {...(optional && { optional })} aside={aside} />}
      <Button className={classNames(fieldStyles.control, css.trigger)}>
        <SelectValue className={classNames(css.value)}>
          {({ selectedText, defaultChildren }) => selectedText || defaultChildren}
        </SelectValue>
        <Icon name="chevron-down" size="small" />
      </Button>
      <FieldNotes help={help} error={error} />
      <Options options={options} />
    </AriaSelect>
  );
}
