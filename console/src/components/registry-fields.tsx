import type { RegistryAccess } from '../api/generated/graphql.ts';
import { REGISTRY } from '../texts/registry.ts';
import { REGISTRY_FIELDS as TEXTS } from '../texts/registry-fields.ts';
import { RadioCards } from './radio-cards.tsx';
import { TextArea, TextField } from './text-field.tsx';

/** Some of the texts of a form, which tells what becomes another. */
interface FieldsOf<Name extends string> {
  readonly value: Readonly<Record<Name, string>>;
  readonly onChange: (change: Partial<Record<Name, string>>) => void;
}

/** What people call it. @param url what stands in place of a name */
export function NameFields({ value, url, onChange }: FieldsOf<'name' | 'description'> & { readonly url: string }) {
  return (
    <>
      <TextField
        label={TEXTS.name}
        name="name"
        optional
        value={value.name}
        onChange={(name) => onChange({ name })}
        placeholder={url}
        help={TEXTS.nameHelp(url)}
      />
      <TextArea
        label={TEXTS.description}
        name="description"
        optional
        value={value.description}
        onChange={(description) => onChange({ description })}
        help={TEXTS.descriptionHelp}
        maxLength={2000}
        rows={3}
      />
    </>
  );
}

export function ContactField({ value, onChange }: FieldsOf<'email'>) {
  return (
    <TextField
      label={TEXTS.email}
      name="email"
      optional
      value={value.email}
      onChange={(email) => onChange({ email })}
      help={TEXTS.emailHelp}
      inputMode="email"
    />
  );
}

/** How often its credential is to be rotated. */
export function IntervalField(props: FieldsOf<'rotateEveryDays'> & { readonly error: string | undefined }) {
  const { value, error, onChange } = props;
  return (
    <TextField
      label={TEXTS.rotateEveryDays}
      name="rotateEveryDays"
      optional
      value={value.rotateEveryDays}
      onChange={(rotateEveryDays) => onChange({ rotateEveryDays })}
      help={TEXTS.rotateHelp}
      inputMode="numeric"
      error={error}
    />
  );
}

interface AccessFieldProps {
  readonly value: RegistryAccess;
  readonly help: string;
  readonly onChange: (access: RegistryAccess) => void;
}

export function AccessField({ value, help, onChange }: AccessFieldProps) {
  return (
    <RadioCards
      label={TEXTS.access}
      name="access"
      value={value}
      onChange={onChange}
      help={help}
      cards={[
        { id: 'PULL_AND_PUSH', label: REGISTRY.access.PULL_AND_PUSH },
        { id: 'PULL', label: REGISTRY.access.PULL },
      ]}
    />
  );
}

/** What a registry of one's own may need besides: its authority, and a token server on another host. */
export function ConnectionFields({ value, onChange }: FieldsOf<'caCertificate' | 'authRealmHost'>) {
  return (
    <>
      <TextField
        label={TEXTS.authRealmHost}
        name="authRealmHost"
        optional
        value={value.authRealmHost}
        onChange={(authRealmHost) => onChange({ authRealmHost })}
        help={TEXTS.realmHelp}
        placeholder="gitlab.example.com"
        mono
      />
      <TextArea
        label={TEXTS.caCertificate}
        name="caCertificate"
        optional
        value={value.caCertificate}
        onChange={(caCertificate) => onChange({ caCertificate })}
        help={TEXTS.caHelp}
        placeholder="-----BEGIN CERTIFICATE-----"
        mono
      />
    </>
  );
}
