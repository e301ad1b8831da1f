import { type ReactNode, useContext } from 'react';
import { FieldError, FormValidationContext, Label, Text } from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import css from './field.module.css';
import { Icon } from './icon.tsx';

/** What all fields have in common. */
export interface FieldProps {
  readonly label: string;
  /** As the API names it: an error that names this field is shown here. */
  readonly name?: string;
  /** Stands under the field always: what goes in, where to find it. */
  readonly help?: ReactNode;
  /** What is wrong, before anything was sent. What the service says comes by `Form`. */
  readonly error?: string | undefined;
  /** Says "optional" beside the label. */
  readonly optional?: boolean;
  /** Beside the label: a `Help`, or a link to where it is explained. */
  readonly aside?: ReactNode;
}

/** The error at a field: its own, or what the service said to the form about it. */
export function useFieldError(name: string | undefined, error: string | undefined): string | undefined {
  const fromService = useContext(FormValidationContext);
  if (error !== undefined) return error;
  const found = name === undefined ? undefined : fromService[name];
  return typeof found === 'string' ? found : found?.[0];
}

export function FieldLabel({ label, optional = false, aside }: Pick<FieldProps, 'label' | 'optional' | 'aside'>) {
  return (
    <div className={css.labelLine}>
      <Label className={classNames(css.label)}>
        {label}
        {optional && <span className={css.optional}> {PARTS.optional}</span>}
      </Label>
      {aside}
    </div>
  );
}

/** Help and error under a field of React Aria, which ties both to the input. */
export function FieldNotes({ help, error }: Pick<FieldProps, 'help' | 'error'>) {
  return (
    <>
      {help !== undefined && (
        <Text slot="description" className={classNames(css.help)}>
          {help}
        </Text>
      )}
      <FieldError className={classNames(css.error)}>
        {({ validationErrors, defaultChildren }) => (
          <ErrorText>{error ?? validationErrors[0] ?? defaultChildren}</ErrorText>
        )}
      </FieldError>
    </>
  );
}

export function ErrorText({ children }: { readonly children: ReactNode }) {
  return (
    <>
      <Icon name="danger" size="small" />
      <span>{children}</span>
    </>
  );
}

/** The class names that fields share. */
export const fieldStyles = {
  field: classNames(css.field),
  control: classNames(css.control),
  bare: classNames(css.bare),
  help: classNames(css.help),
  error: classNames(css.error),
  mono: classNames(css.mono),
  area: classNames(css.area),
  inside: classNames(css.inside),
};
