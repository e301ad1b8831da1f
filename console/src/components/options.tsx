import { ListBox, ListBoxItem } from 'react-aria-components';
import { PARTS } from '../texts/parts.ts';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import listCss from './list-box.module.css';
import css from './options.module.css';
import { Popover } from './popover.tsx';

export interface Option<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  readonly help?: string;
  readonly isDisabled?: boolean;
}

/** The list that a `Select` or a `ComboBox` opens. */
export function Options({ options }: { readonly options?: readonly Option[] }) {
  return (
    <Popover>
      <ListBox
        {...(options !== undefined && { items: options })}
        className={classNames(listCss.list, css.list)}
        renderEmptyState={() => <p className={css.empty}>{PARTS.nothingFound}</p>}
      >
        {(option: Option) => (
          <ListBoxItem
            id={option.id}
            textValue={option.label}
            isDisabled={option.isDisabled ?? false}
            className={classNames(listCss.option, css.option)}
          >
            <span className={css.words}>
              <span>{option.label}</span>
              {option.help !== undefined && <span className={css.help}>{option.help}</span>}
            </span>
            <Icon name="check" size="small" className={css.chosen} />
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  );
}
