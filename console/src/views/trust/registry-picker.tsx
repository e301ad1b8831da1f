import { useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ErrorText, fieldStyles, useFieldError } from '../../components/field.tsx';
import { SearchField } from '../../components/text-field.tsx';
import { useFocusHandover } from '../../components/use-focus-handover.ts';
import { usePermissions } from '../../session/permissions.ts';
import { RULE_FORM as TEXTS } from '../../texts/trust.ts';
import css from './trust.module.css';
import { PICKED_REGISTRY, REGISTRIES_TO_PICK } from './trust-operations.ts';

interface RegistryPickerProps {
  readonly projectId: string;
  readonly ids: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
  readonly error: string | undefined;
}

export function RegistryPicker({ projectId, ids, onChange, error: problem }: RegistryPickerProps) {
  const mayRead = usePermissions(projectId).can('registry:read');
  const [search, setSearch] = useState('');
  const error = useFieldError('registryIds', problem);
  const isAsked = mayRead && search.trim() !== '';
  const query = useApiQuery(
    REGISTRIES_TO_PICK,
    { projectId, search: search.trim() },
    { enabled: isAsked, keepPrevious: true },
  );
  const found = isAsked ? (query.data?.registries.nodes ?? []).filter(({ id }) => !ids.includes(id)) : [];
  return (
    <fieldset className={css.group} data-field="registryIds">
      <legend className={css.legend}>{TEXTS.registries}</legend>
      <p className={css.help}>{TEXTS.registriesHelp}</p>
      {ids.length > 0 && (
        <ul className={css.rows}>
          {ids.map((id) => (
            <Picked
              key={id}
              projectId={projectId}
              id={id}
              mayRead={mayRead}
              onRemove={() => onChange(ids.filter((one) => one !== id))}
            />
          ))}
        </ul>
      )}
      {mayRead ? (
        <div className={css.line}>
          <SearchField label={TEXTS.registrySearch} value={search} onChange={setSearch} />
        </div>
      ) : (
        <p className={css.help}>{TEXTS.noRegistryRead}</p>
      )}
      {isAsked && !query.isPending && (
        <>
          <p role="status" className={css.help}>
            {query.error === null ? TEXTS.registryFound(found.length) : query.error.message}
          </p>
          <div className={css.line}>
            {found.map(({ id, name, url }) => (
              <Found
                key={id}
                name={name}
                url={url}
                onAdd={() => {
                  onChange([...ids, id]);
                  setSearch('');
                }}
              />
            ))}
          </div>
        </>
      )}
      {error !== undefined && (
        <p className={fieldStyles.error} role="alert">
          <ErrorText>{error}</ErrorText>
        </p>
      )}
    </fieldset>
  );
}

/** Where others are found. */
function searchInput(leaving: HTMLElement): HTMLElement | null | undefined {
  return leaving.closest('fieldset')?.querySelector('input');
}

interface PickedProps {
  readonly projectId: string;
  readonly id: string;
  readonly mayRead: boolean;
  readonly onRemove: () => void;
}

function Picked({ projectId, id, mayRead, onRemove }: PickedProps) {
  const part = useFocusHandover<HTMLLIElement>(searchInput);
  const { data } = useApiQuery(PICKED_REGISTRY, { projectId, id }, { enabled: mayRead });
  const name = data?.registry?.name ?? id;
  return (
    <li ref={part}>
      <span className={css.break}>{name}</span>
      <IconButton icon="close" label={TEXTS.removeRegistry(name)} onPress={onRemove} />
    </li>
  );
}

function Found({ name, url, onAdd }: { readonly name: string; readonly url: string; readonly onAdd: () => void }) {
  const part = useFocusHandover<HTMLSpanElement>(searchInput);
  return (
    <span ref={part}>
      <Button small icon="add" aria-label={TEXTS.addRegistry(name)} onPress={onAdd}>
        <span className={css.break}>{name === url ? url : `${name} (${url})`}</span>
      </Button>
    </span>
  );
}
