import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  Menu as AriaMenu,
  MenuItem,
  MenuTrigger,
  type Selection,
  Tag,
  TagGroup,
  TagList,
  ToggleButton,
} from 'react-aria-components';
import { CHIPS } from '../texts/parts.ts';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import css from './filters.module.css';
import { Icon } from './icon.tsx';
import listCss from './list-box.module.css';
import type { Option } from './options.tsx';
import { Popover } from './popover.tsx';
import { useFocusHandover } from './use-focus-handover.ts';

/** Search, filters and their buttons in a line above a list. */
export function FilterBar({ children }: { readonly children: ReactNode }) {
  return <div className={css.bar}>{children}</div>;
}

interface FilterMenuProps<Id extends string> {
  /** What is filtered by: "Status". */
  readonly label: string;
  readonly options: readonly Option<Id>[];
  /** None means all. */
  readonly chosen: readonly Id[];
  readonly onChange: (chosen: readonly Id[]) => void;
  /** At most one can be chosen. */
  readonly single?: boolean;
}

/** A button that opens what can be chosen, and says how much is. */
export function FilterMenu<Id extends string>({
  label,
  options,
  chosen,
  onChange,
  single = false,
}: FilterMenuProps<Id>) {
  function choose(selection: Selection): void {
    onChange(options.filter(({ id }) => selection === 'all' || selection.has(id)).map(({ id }) => id));
  }
  const names = options.filter(({ id }) => chosen.includes(id)).map((option) => option.label);
  const said = names.length === 1 ? names[0] : String(names.length);
  return (
    <MenuTrigger>
      <AriaButton className={classNames(css.trigger, chosen.length > 0 && css.set)}>
        {label}
        {chosen.length > 0 && <span className={css.said}>{said}</span>}
        <Icon name="chevron-down" size="small" />
      </AriaButton>
      <Popover>
        <AriaMenu
          aria-label={label}
          selectionMode={single ? 'single' : 'multiple'}
          selectedKeys={chosen}
          onSelectionChange={choose}
          className={classNames(listCss.list, css.menu)}
        >
          {options.map((option) => (
            <MenuItem
              key={option.id}
              id={option.id}
              textValue={option.label}
              className={classNames(listCss.option, css.option)}
            >
              <span className={css.mark}>
                <Icon name="check" size="small" />
              </span>
              {option.label}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface FilterToggleProps {
  readonly children: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

/** A filter that is on or off: "Never tested". */
export function FilterToggle({ children, isOn, onChange }: FilterToggleProps) {
  return (
    <ToggleButton isSelected={isOn} onChange={onChange} className={classNames(css.trigger, isOn && css.set)}>
      {isOn && <Icon name="check" size="small" />}
      {children}
    </ToggleButton>
  );
}

export interface FilterChip {
  readonly id: string;
  /** "Status: Expired" */
  readonly label: string;
}

interface FilterChipsProps {
  readonly chips: readonly FilterChip[];
  readonly onRemove: (id: string) => void;
  readonly onClear: () => void;
}

/**
 * What the list is filtered by, each with a button (or the Delete key) that takes it away. Nothing when there is nothing: the focus
 * goes back to the `FilterBar`, which they stand below.
 */
export function FilterChips({ chips, onRemove, onClear }: FilterChipsProps) {
  return chips.length > 0 && <Chips chips={chips} onRemove={onRemove} onClear={onClear} />;
}

/** The last button of the bar above. */
function buttonBefore(chips: HTMLElement): HTMLElement | undefined {
  return [...(chips.previousElementSibling?.querySelectorAll('button') ?? [])].at(-1);
}

function Chips({ chips, onRemove, onClear }: FilterChipsProps) {
  const part = useFocusHandover<HTMLDivElement>(buttonBefore);
  return (
    <div ref={part} className={css.chips}>
      <TagGroup
        aria-label={CHIPS.label}
        onRemove={(keys) => {
          for (const key of keys) onRemove(String(key));
        }}
      >
        <TagList className={classNames(css.list)}>
          {chips.map(({ id, label }) => (
            <Tag key={id} id={id} textValue={label} className={classNames(css.chip)}>
              {label}
              <AriaButton slot="remove" className={classNames(css.remove)} aria-label={CHIPS.remove}>
                <Icon name="close" size="small" />
              </AriaButton>
            </Tag>
          ))}
        </TagList>
      </TagGroup>
      <Button small kind="quiet" onPress={onClear}>
        {CHIPS.clear}
      </Button>
    </div>
  );
}
