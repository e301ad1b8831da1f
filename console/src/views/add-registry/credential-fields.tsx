import type { RefObject } from 'react';
import { CredentialChoice, ExpiryField, MintFields } from '../../components/credential-choice.tsx';
import { type MintChoice, mintChoices, takesSecret } from '../../components/mint-fields.ts';
import type { SecretHandle } from '../../components/secret-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import { type EnteredRegistry, type Problems, withChoice } from './entered-registry.ts';
import { FederationSetup } from './federation-setup.tsx';
import type { Preset } from './presets.ts';
import { SecretEntry } from './secret-entry.tsx';

export interface CredentialFieldsProps {
  readonly projectId: string;
  readonly preset: Preset;
  readonly entered: EnteredRegistry;
  readonly problems: Problems;
  readonly secret: RefObject<SecretHandle | null>;
  /** The secret was sent, and refused. */
  readonly isSecretGone: boolean;
  readonly onChange: (change: Partial<EnteredRegistry>) => void;
  readonly onSecret: () => void;
}

/** How the credential is used, and what it is, but where it is. */
export function CredentialFields(props: CredentialFieldsProps) {
  const { projectId, preset, entered, problems, secret, isSecretGone, onChange, onSecret } = props;
  const { choice, mint, username, expiresAt } = entered;
  return (
    <section className={css.section}>
      <h2 className={css.heading}>{TEXTS.credential}</h2>
      <CredentialChoice
        choices={mintChoices(preset.provider)}
        value={choice}
        onChange={(next) => onChange(withChoice(entered, preset, next))}
      />
      <MintFields choice={choice} value={mint} problems={problems} onChange={(value) => onChange({ mint: value })} />
      {choice !== 'password' && choice.federated && (
        <FederationSetup projectId={projectId} preset={preset} entered={entered} />
      )}
      {takesSecret(choice) && (
        <>
          <TextField
            label={choice === 'password' ? TEXTS.username : TEXTS.usernames[choice.kind]}
            name="username"
            value={username}
            onChange={(value) => onChange({ username: value })}
            help={usernameHelp(preset, choice)}
            error={problems.username}
            isRequired
            mono
            autoComplete="off"
            spellCheck="false"
          />
          <SecretEntry
            preset={preset}
            choice={choice}
            secret={secret}
            isGone={isSecretGone}
            problem={problems.password}
            onFilled={onSecret}
          />
        </>
      )}
      <ExpiryField value={expiresAt} onChange={(value) => onChange({ expiresAt: value })} />
    </section>
  );
}

/** Where nothing is known, the label says it all. */
function usernameHelp({ provider, username }: Preset, choice: MintChoice): string | undefined {
  if (choice !== 'password') return TEXTS.usernameHelps[choice.kind];
  return provider === 'GENERIC' ? undefined : username;
}
