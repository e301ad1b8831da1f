import { EDIT } from '../texts/registry-history.ts';
import { TextArea, TextField } from './text-field.tsx';

interface Connection {
  readonly caCertificate: string;
  readonly authRealmHost: string;
}

interface ConnectionFieldsProps {
  readonly value: Connection;
  readonly onChange: (change: Partial<Connection>) => void;
}

/** What a registry of one's own may need besides: its authority, and a token server on another host. */
export function ConnectionFields({ value, onChange }: ConnectionFieldsProps) {
  return (
    <>
      <TextField
        label={EDIT.authRealmHost}
        name="authRealmHost"
        optional
        value={value.authRealmHost}
        onChange={(authRealmHost) => onChange({ authRealmHost })}
        help={EDIT.realmHelp}
        placeholder="gitlab.example.com"
        mono
      />
      <TextArea
        label={EDIT.caCertificate}
        name="caCertificate"
        optional
        value={value.caCertificate}
        onChange={(caCertificate) => onChange({ caCertificate })}
        help={EDIT.caHelp}
        placeholder="-----BEGIN CERTIFICATE-----"
        mono
      />
    </>
  );
}
