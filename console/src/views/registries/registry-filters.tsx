import { FilterBar, FilterChips, FilterMenu, FilterToggle } from '../../components/filters.tsx';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import { SearchField } from '../../components/text-field.tsx';
import { PROVIDERS as PROVIDER_NAMES } from '../../texts/providers.ts';
import { REGISTRIES } from '../../texts/registries.ts';
import { DEFAULT_ORDER, FILTER_NAMES, type FilterName, filtersInForce, orderOf, without } from './asked-for.ts';
import css from './registries.module.css';
import { DIRECTIONS, ORDERS, PROVIDERS, type RegistriesSearch, STATUSES } from './search.ts';

const { filters: labels, order: orders, direction: directions } = REGISTRIES;

const SPANS = [7, 14, 30, 90].map((days) => ({ id: String(days), label: REGISTRIES.days(days) }));
const STATUS_OPTIONS = STATUSES.map((id) => ({ id, label: CREDENTIAL_STATUSES[id].word }));
const PROVIDER_OPTIONS = PROVIDERS.map((id) => ({ id, label: PROVIDER_NAMES[id] }));
/** Also where the table has become cards, which have no headers to sort by. */
const ORDER_OPTIONS = ORDERS.flatMap((field) =>
  DIRECTIONS.map((direction) => ({ id: `${field} ${direction}`, label: `${orders[field]}: ${directions[direction]}` })),
);

interface RegistryFiltersProps {
  readonly search: RegistriesSearch;
  readonly onChange: (search: RegistriesSearch) => void;
}

export function RegistryFilters({ search, onChange }: RegistryFiltersProps) {
  /** Nothing chosen leaves the filter out. */
  function choose(name: FilterName, values: Partial<RegistriesSearch>): void {
    onChange({ ...without(search, [name]), ...values });
  }
  const span = (name: 'expiresInDays' | 'unusedDays') => ({
    options: SPANS,
    chosen: search[name] === undefined ? [] : [String(search[name])],
    onChange: ([days]: readonly string[]) => choose(name, days === undefined ? {} : { [name]: Number(days) }),
    single: true,
  });
  const { field, direction } = orderOf(search);
  const isUsual = field === DEFAULT_ORDER.field && direction === DEFAULT_ORDER.direction;

  return (
    <>
      <FilterBar>
        <div className={css.search}>
          <SearchField
            label={REGISTRIES.search}
            value={search.q ?? ''}
            onChange={(q) => choose('q', q === '' ? {} : { q })}
          />
        </div>
        <FilterMenu
          label={labels.status}
          options={STATUS_OPTIONS}
          chosen={search.status ?? []}
          onChange={(status) => choose('status', status.length === 0 ? {} : { status: [...status] })}
        />
        <FilterMenu
          label={labels.provider}
          options={PROVIDER_OPTIONS}
          chosen={search.provider === undefined ? [] : [search.provider]}
          onChange={([provider]) => choose('provider', provider === undefined ? {} : { provider })}
          single
        />
        <FilterMenu label={labels.expires} {...span('expiresInDays')} />
        <FilterMenu label={labels.unused} {...span('unusedDays')} />
        <FilterToggle
          isOn={search.overdue ?? false}
          onChange={(isOn) => choose('overdue', isOn ? { overdue: true } : {})}
        >
          {labels.overdue}
        </FilterToggle>
        <FilterToggle
          isOn={search.neverTested ?? false}
          onChange={(isOn) => choose('neverTested', isOn ? { neverTested: true } : {})}
        >
          {labels.neverTested}
        </FilterToggle>
        <FilterMenu
          label={orders.label}
          options={ORDER_OPTIONS}
          chosen={isUsual ? [] : [`${field} ${direction}`]}
          onChange={([chosen]) => {
            const order = ORDERS.find((one) => chosen?.startsWith(`${one} `));
            const towards = DIRECTIONS.find((one) => chosen?.endsWith(` ${one}`));
            if (order !== undefined && towards !== undefined) onChange({ ...search, order, direction: towards });
          }}
          single
        />
      </FilterBar>
      <FilterChips
        chips={filtersInForce(search)}
        onRemove={(id) => {
          onChange(
            without(
              search,
              FILTER_NAMES.filter((name) => name === id),
            ),
          );
        }}
        onClear={() => onChange(without(search, FILTER_NAMES))}
      />
    </>
  );
}
