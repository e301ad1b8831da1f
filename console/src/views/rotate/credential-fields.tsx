import type { Ref } from 'react';
import { CredentialChoice, ExpiryField, MintFields } from '../../components/credential-choice.tsx';
import { mintChoices, takesSecret } from '../../components/mint-fields.ts';
import { SecretField, type SecretHandle } from '../../components/secret-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { ENTER as TEXTS } from '../../texts/rotate.ts';
import type { ShownRegistry } from '../registry/shown-registry.ts';
import { type EnteredCredential, isMultiline } from './entered-credential.ts';

interface CredentialFieldsProps {
  readonly registry: ShownRegistry;
  readonly entered: EnteredCredential;
  readonly onChange: (change: Partial<EnteredCredential>) => void;
  readonly secret: Ref<SecretHandle>;
  readonly secretError: string | undefined;
  readonly onFilled: (isFilled: boolean) => void;
}

/** The next version of a credential: how it is used, and what it is. */
export function CredentialFields(props: CredentialFieldsProps) {
  const { registry, entered, onChange, secret, secretError, onFilled } = props;
  const { choice, mint, username, expiresAt } = entered;
  return (
    <>
      <CredentialChoice
        choices={mintChoices(registry.provider)}
        value={choice}
        onChange={(next) => onChange({ choice: next })}
      />
      <MintFields choice={choice} value={mint} onChange={(value) => onChange({ mint: value })} />
      {takesSecret(choice) && (
        <>
          <TextField
            label={TEXTS.username}
            name="username"
            optional
            value={username}
            onChange={(value) => onChange({ username: value })}
            placeholder={registry.username}
            help={TEXTS.usernameKept(registry.username)}
            mono
            autoComplete="off"
            spellCheck="false"
          />
          <SecretField
            ref={secret}
            label={choice === 'password' ? TEXTS.password : TEXTS.secrets[choice.kind]}
            name="password"
            help={TEXTS.passwordHelp}
            multiline={isMultiline(choice, registry.provider)}
            onFilled={onFilled}
            isRequired
            {...(secretError !== undefined && { error: secretError })}
          />
        </>
      )}
      <ExpiryField value={expiresAt} onChange={(value) => onChange({ expiresAt: value })} />
    </>
  );
}
