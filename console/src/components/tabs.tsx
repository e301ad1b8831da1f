import type { ReactNode } from 'react';
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from 'react-aria-components';
import { classNames } from './class-names.ts';
import css from './tabs.module.css';

export interface TabOf<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  readonly count?: number | undefined;
}

interface TabsProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly TabOf<Id>[];
  /** Kept in the address. */
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
  /** What the selected tab shows. */
  readonly children: ReactNode;
}

/** They scroll sideways where they do not fit. A tab is opened by a press, not by an arrow key: opening may ask the service. */
export function Tabs<Id extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Id>) {
  return (
    <AriaTabs
      selectedKey={selected}
      keyboardActivation="manual"
      onSelectionChange={(key) => {
        const chosen = tabs.find(({ id }) => id === key);
        if (chosen !== undefined && chosen.id !== selected) onSelect(chosen.id);
      }}
      className={classNames(css.tabs)}
    >
      <TabList aria-label={label} className={classNames(css.list)}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={classNames(css.tab)}>
            {tab.label}
            {tab.count !== undefined && <span className={css.count}>{tab.count}</span>}
          </Tab>
        ))}
      </TabList>
      <TabPanel key={selected} id={selected} className={classNames(css.panel)}>
        {children}
      </TabPanel>
    </AriaTabs>
  );
}
