import type { ReactNode } from 'react';
import { Radio, RadioGroup } from 'react-aria-components';
import { classNames } from './class-names.ts';
import { FieldLabel, FieldNotes, type FieldProps, fieldStyles } from './field.tsx';
import css from './radio-cards.module.css';

export interface RadioCard<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly help?: ReactNode;
  /** Stands before the label: an icon or a mark. */
  readonly mark?: ReactNode;
  readonly isDisabled?: boolean;
}

interface RadioCardsProps<Id extends string> extends FieldProps {
  readonly cards: readonly RadioCard<Id>[];
  readonly value: Id | null;
  readonly onChange: (value: Id) => void;
  /** The smallest width of a card, in rem; as many stand side by side as fit. */
  readonly width?: number;
}

/** One of a few that each need a sentence. */
export function RadioCards<Id extends string>(props: RadioCardsProps<Id>) {
  const { cards, value, onChange, label, name, help, error, optional, aside, width = 14 } = props;
  function choose(chosen: string): void {
    const card = cards.find(({ id }) => id === chosen);
    if (card !== undefined) onChange(card.id);
  }
  return (
    <RadioGroup
      {...(name !== undefined && { name, 'data-field': name })}
      {...(error !== undefined && { isInvalid: true })}
      value={value}
      onChange={choose}
      className={fieldStyles.field}
    >
      <FieldLabel label={label} {...(optional && { optional })} aside={aside} />
      <div className={css.cards} style={{ '--card': `${width}rem` }}>
        {cards.map((card) => (
          <Radio key={card.id} value={card.id} isDisabled={card.isDisabled ?? false} className={classNames(css.card)}>
            <span className={css.dot} />
            {card.mark}
            <span className={css.words}>
              <span className={css.label}>{card.label}</span>
              {card.help !== undefined && <span className={css.help}>{card.help}</span>}
            </span>
          </Radio>
        ))}
      </div>
      <FieldNotes help={help} error={error} />
    </RadioGroup>
  );
}
