import { useState } from 'react';
import type { AuditOutcome } from '../../api/generated/graphql.ts';
import { Button } from '../../components/button.tsx';
import { FilterBar, type FilterChip, FilterChips, FilterMenu, FilterToggle } from '../../components/filters.tsx';
import { formatTime } from '../../components/format.ts';
import { AUDIT_OUTCOMES } from '../../components/statuses.ts';
import { SearchField } from '../../components/text-field.tsx';
import { AUDIT, AUDIT_FILTERS } from '../../texts/audit.ts';
import { FilterDialog } from './filter-dialog.tsx';
import styles from './filters.module.css';
import { type AuditSearch, PRESET_NAMES, presetOf, withPreset } from './search.ts';

interface FiltersProps {
  readonly search: AuditSearch;
  readonly onChange: (search: AuditSearch) => void;
}

const OUTCOME_OPTIONS = (['SUCCEEDED', 'DENIED', 'FAILED'] as const satisfies AuditOutcome[]).map((id) => ({
  id,
  label: AUDIT_OUTCOMES[id].word,
}));

/** Quick filters, a search, and all others in a dialog. What is filtered by stands below, each with a button that takes it away. */
export function Filters({ search, onChange }: FiltersProps) {
  const [isOpen, setOpen] = useState(false);
  const preset = presetOf(search);
  const change = (changed: Partial<AuditSearch>) => onChange(without(search, 'entry', changed));

  return (
    <div className={styles.filters}>
      <FilterBar>
        {PRESET_NAMES.map((name) => (
          <FilterToggle
            key={name}
            isOn={preset === name}
            onChange={(isOn) => onChange(withPreset(search, isOn ? name : undefined))}
          >
            {AUDIT.preset[name]}
          </FilterToggle>
        ))}
      </FilterBar>
      <FilterBar>
        <SearchField
          label={AUDIT.search}
          value={search.search ?? ''}
          onChange={(text) => change(text === '' ? without(search, 'search') : { ...search, search: text })}
        />
        <FilterMenu
          label={AUDIT_FILTERS.outcome}
          options={OUTCOME_OPTIONS}
          chosen={search.outcome === undefined ? [] : [search.outcome]}
          onChange={([outcome]) => change(outcome === undefined ? without(search, 'outcome') : { ...search, outcome })}
          single
        />
        <Button icon="filter" onPress={() => setOpen(true)}>
          {AUDIT.moreFilters}
        </Button>
      </FilterBar>
      <FilterChips
        chips={chipsOf(search)}
        onRemove={(id) => onChange(without(search, id))}
        onClear={() => onChange({})}
      />
      <FilterDialog search={search} isOpen={isOpen} onClose={() => setOpen(false)} onApply={onChange} />
    </div>
  );
}

/** Without one of its values; `changed` takes the place of the rest. */
function without(search: AuditSearch, name: string, changed: Partial<AuditSearch> = search): AuditSearch {
  return Object.fromEntries(Object.entries(changed).filter(([key]) => key !== name));
}

function chipsOf(search: AuditSearch): FilterChip[] {
  return Object.entries(search).flatMap(([id, value]) => {
    if (id === 'entry') return [];
    if (id === 'kind') return [{ id, label: AUDIT_FILTERS.kind }];
    if (id === 'from' || id === 'to') return [{ id, label: `${AUDIT_FILTERS[id]}: ${formatTime(new Date(value))}` }];
    if (id === 'outcome') {
      const outcome = OUTCOME_OPTIONS.find((option) => option.id === value);
      return [{ id, label: `${AUDIT_FILTERS.outcome}: ${outcome?.label ?? value}` }];
    }
    return [{ id, label: `${labelOf(id)}: ${value}` }];
  });
}

function labelOf(id: string): string {
  const labels: Readonly<Record<string, unknown>> = AUDIT_FILTERS;
  const label = labels[id];
  return typeof label === 'string' ? label : id;
}
