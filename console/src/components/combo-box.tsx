import { ComboBox as AriaComboBox, Button, Group, Input } from 'react-aria-components';
import { classNames } from './class-names.ts';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import { Icon } from './icon.tsx';
import { type Option, Options } from './options.tsx';

interface ComboBoxProps extends FieldProps {
  readonly options: readonly Option[];
  /** What is typed: any text will do, the options only propose. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly mono?: boolean;
  readonly isDisabled?: boolean;
}

/** A text with proposals: those that contain what is typed. */
export function ComboBox(props: ComboBoxProps) {
  const { options, value, onChange, label, help, error, optional, aside, name, placeholder, mono = false } = props;
  return (
    <AriaComboBox
      {...(name !== undefined && { name, 'data-field': name })}
      {...(error !== undefined && { isInvalid: true })}
      allowsCustomValue
      formValue="text"
      menuTrigger="focus"
      isDisabled={props.isDisabled ?? false}
      defaultItems={options}
      inputValue={value}
      onInputChange={onChange}
      className={fieldStyles.field}
    >
      <FieldLabel label={label} {...(optional && { optional })} aside={aside} />
      <Group className={fieldStyles.control}>
        <Input className={classNames(fieldStyles.bare, mono && fieldStyles.mono)} placeholder={placeholder ?? ''} />
        <Button className={fieldStyles.inside}>
          <Icon name="chevron-down" size="small" />
        </Button>
      </Group>
      <FieldNotes help={help} error={error} />
      <Options />
    </AriaComboBox>
  );
}
