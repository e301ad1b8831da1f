import { DateTimeField } from '../../components/date-field.tsx';
import { FieldRow } from '../../components/form.tsx';
import {
  AccessField,
  ConnectionFields,
  ContactField,
  IntervalField,
  NameFields,
} from '../../components/registry-fields.tsx';
import { TextField } from '../../components/text-field.tsx';
import { REGISTRY_FIELDS } from '../../texts/registry-fields.ts';
import { EDIT as TEXTS } from '../../texts/registry-history.ts';
import { type EditDraft, isDays } from './edit-draft.ts';
import type { ShownRegistry } from './shown-registry.ts';

interface EditFieldsProps {
  readonly registry: ShownRegistry;
  readonly draft: EditDraft;
  readonly onChange: (change: Partial<EditDraft>) => void;
}

export function EditFields({ registry: { url, mint }, draft, onChange }: EditFieldsProps) {
  return (
    <>
      <NameFields value={draft} url={url} onChange={onChange} />
      <ContactField value={draft} onChange={onChange} />
      <AccessField value={draft.access} onChange={(access) => onChange({ access })} help={TEXTS.accessHelp} />
      {!mint?.federated && (
        <TextField
          label={TEXTS.username}
          name="username"
          value={draft.username}
          onChange={(username) => onChange({ username })}
          help={TEXTS.usernameHelp}
          mono
          autoComplete="off"
          spellCheck="false"
        />
      )}
      <FieldRow>
        <DateTimeField
          label={TEXTS.expiresAt}
          name="expiresAt"
          optional
          value={draft.expiresAt || null}
          onChange={(expiresAt) => onChange({ expiresAt: expiresAt ?? '' })}
          help={TEXTS.expiresHelp}
        />
        <IntervalField
          value={draft}
          onChange={onChange}
          error={isDays(draft.rotateEveryDays) ? undefined : REGISTRY_FIELDS.rotateError}
        />
      </FieldRow>
      <ConnectionFields value={draft} onChange={onChange} />
    </>
  );
}
