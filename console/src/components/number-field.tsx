import {
  NumberField as AriaNumberField,
  type NumberFieldProps as AriaNumberFieldProps,
  Button,
  Group,
  Input,
} from 'react-aria-components';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import { Icon } from './icon.tsx';
import css from './number-field.module.css';

type NumberProps = FieldProps &
  Omit<AriaNumberFieldProps, 'children' | 'className' | 'style' | 'name' | 'isInvalid'> & {
    /** Stands behind the number: "days". */
    readonly unit?: string;
    readonly placeholder?: string;
  };

export function NumberField({ label, help, error, optional, aside, name, unit, placeholder, ...rest }: NumberProps) {
  return (
    <AriaNumberField
      {...rest}
      {...(name !== undefined && { name, 'data-field': name })}
      {...(error !== undefined && { isInvalid: true })}
      className={fieldStyles.field}
    >
      <FieldLabel
        label={unit === undefined ? label : `${label}, in ${unit}`}
        {...(optional && { optional })}
        aside={aside}
      />
      <Group className={fieldStyles.control}>
        <Input className={fieldStyles.bare} placeholder={placeholder ?? ''} />
        <span className={css.steps}>
          <Button slot="decrement" className={fieldStyles.inside}>
            <Icon name="chevron-down" size="small" />
          </Button>
          <Button slot="increment" className={fieldStyles.inside}>
            <Icon name="chevron-up" size="small" />
          </Button>
        </span>
      </Group>
      <FieldNotes help={help} error={error} />
    </AriaNumberField>
  );
}
