import type { ReactElement } from 'react';
import { Menu as AriaMenu, type Key, MenuItem, MenuTrigger, Separator } from 'react-aria-components';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';
import css from './menu.module.css';
import { Popover } from './popover.tsx';

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  readonly icon?: IconName;
  /** An address, for an entry that leads somewhere; else `onAction`. */
  readonly href?: string;
  readonly onAction?: () => void;
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
  /** A line above it. */
  readonly startsGroup?: boolean;
}

interface MenuProps {
  /** The button that opens it: a `Button` or an `IconButton`. */
  readonly trigger: ReactElement;
  readonly label: string;
  readonly entries: readonly MenuEntry[];
  /** Marks what is chosen now, where the menu is a choice. */
  readonly selected?: string;
}

export function Menu({ trigger, label, entries, selected }: MenuProps) {
  const act = (key: Key) => entries.find(({ id }) => id === key)?.onAction?.();
  return (
    <MenuTrigger>
      {trigger}
      <Popover>
        <AriaMenu
          aria-label={label}
          onAction={act}
          className={classNames(css.menu)}
          {...(selected !== undefined && {
            selectionMode: 'single' as const,
            selectedKeys: [selected],
            disallowEmptySelection: true,
          })}
        >
          {entries.flatMap((entry) => [
            ...(entry.startsGroup ? [<Separator key={`${entry.id}-line`} className={classNames(css.line)} />] : []),
            <MenuItem
              key={entry.id}
              id={entry.id}
              textValue={entry.label}
              isDisabled={entry.isDisabled ?? false}
              {...(entry.href !== undefined && { href: entry.href })}
              className={classNames(css.entry, entry.isDanger && css.danger)}
            >
              {entry.icon && <Icon name={entry.icon} />}
              {/* One name, with the help in it: what is seen is what is said. */}
              <span className={css.words}>
                <span>{entry.label}</span>
                {entry.help !== undefined && <span className={css.help}>{entry.help}</span>}
              </span>
              {entry.id === selected && <Icon name="check" size="small" className={css.chosen} />}
            </MenuItem>,
          ])}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
