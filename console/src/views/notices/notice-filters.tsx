import { useApiQuery } from '../../api/use-api-query.ts';
import { known } from '../../app/search-params.ts';
import { FilterBar, FilterChips, FilterMenu } from '../../components/filters.tsx';
import { NOTICE_KINDS as KIND_STATUSES } from '../../components/statuses.ts';
import { NOTICES } from '../../texts/notices.ts';
import { registriesAmong } from './notice-days.ts';
import { NOTICED_REGISTRIES } from './notices-operations.ts';
import { NOTICE_KINDS, type NoticesSearch } from './search.ts';

const { filters: texts } = NOTICES;

const KIND_OPTIONS = NOTICE_KINDS.map((id) => ({ id, label: KIND_STATUSES[id].word }));

interface NoticeFiltersProps {
  readonly projectId: string;
  readonly search: NoticesSearch;
  readonly onChange: (search: NoticesSearch) => void;
  /** What the registry of the address is called, as its notices say. */
  readonly registryName: string | undefined;
}

export function NoticeFilters({ projectId, search, onChange, registryName }: NoticeFiltersProps) {
  const latest = useApiQuery(NOTICED_REGISTRIES, { projectId });
  const registries = registriesAmong(latest.data?.rotationNotices.nodes ?? []);
  const { kind, registry } = search;
  const chosen = registries.find(({ id }) => id === registry);
  const options =
    registry === undefined || chosen !== undefined
      ? registries
      : [{ id: registry, label: registryName ?? texts.thisRegistry }, ...registries];

  return (
    <>
      <FilterBar>
        <FilterMenu
          label={texts.kind}
          options={KIND_OPTIONS}
          chosen={kind ?? []}
          onChange={(kinds) => onChange(known({ kind: kinds.length === 0 ? undefined : [...kinds], registry }))}
        />
        {options.length > 0 && (
          <FilterMenu
            label={texts.registry}
            options={options}
            chosen={registry === undefined ? [] : [registry]}
            onChange={([one]) => onChange(known({ kind, registry: one }))}
            single
          />
        )}
      </FilterBar>
      <FilterChips
        chips={[
          ...(kind === undefined
            ? []
            : [{ id: 'kind', label: texts.kindChip(kind.map((one) => KIND_STATUSES[one].word).join(', ')) }]),
          ...(registry === undefined
            ? []
            : [
                {
                  id: 'registry',
                  label: texts.registryChip(chosen?.label ?? registryName ?? texts.thisRegistry),
                },
              ]),
        ]}
        onRemove={(id) => onChange(known(id === 'kind' ? { registry } : { kind }))}
        onClear={() => onChange({})}
      />
    </>
  );
}
