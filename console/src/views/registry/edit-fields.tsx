import { ConnectionFields } from '../../components/connection-fields.tsx';
import { DateTimeField } from '../../components/date-field.tsx';
import { FieldRow } from '../../components/form.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { TextArea, TextField } from '../../components/text-field.tsx';
import { REGISTRY } from '../../texts/registry.ts';
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
      <TextField
        label={TEXTS.name}
        name="name"
        optional
        value={draft.name}
        onChange={(name) => onChange({ name })}
        placeholder={url}
        help={TEXTS.nameHelp(url)}
      />
      <TextArea
        label={TEXTS.description}
        name="description"
        optional
        value={draft.description}
        onChange={(description) => onChange({ description })}
        help={TEXTS.descriptionHelp}
        maxLength={2000}
        rows={3}
      />
      <TextField
        label={TEXTS.email}
        name="email"
        optional
        value={draft.email}
        onChange={(email) => onChange({ email })}
        help={TEXTS.emailHelp}
        inputMode="email"
      />
      <RadioCards
        label={TEXTS.access}
        name="access"
        value={draft.access}
        onChange={(access) => onChange({ access })}
        help={TEXTS.accessHelp}
        cards={[
          { id: 'PULL', label: REGISTRY.access.PULL },
          { id: 'PULL_AND_PUSH', label: REGISTRY.access.PULL_AND_PUSH },
        ]}
      />
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
        <TextField
          label={`${TEXTS.rotateEveryDays}, in ${TEXTS.days}`}
          name="rotateEveryDays"
          optional
          value={draft.rotateEveryDays}
          onChange={(rotateEveryDays) => onChange({ rotateEveryDays })}
          help={TEXTS.rotateHelp}
          inputMode="numeric"
          {...(!isDays(draft.rotateEveryDays) && { error: TEXTS.rotateError })}
        />
      </FieldRow>
      <ConnectionFields value={draft} onChange={onChange} />
    </>
  );
}
