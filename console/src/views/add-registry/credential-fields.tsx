import type { RefObject } from 'react';
import { DateTimeField } from '../../components/date-field.tsx';
import {
  choiceFrom,
  choiceKey,
  fieldsOf,
  isRequired,
  type MintChoice,
  mintChoices,
  takesSecret,
} from '../../components/mint-fields.ts';
import { RadioCards } from '../../components/radio-cards.tsx';
import type { SecretHandle } from '../../components/secret-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { MINT_FIELD_HELPS, ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import { MINT_FIELD_LABELS, MINT_KIND_NAMES } from '../../texts/registry.ts';
import { ENTER } from '../../texts/rotate.ts';
import css from './add-registry.module.css';
import { type EnteredRegistry, fieldOfMint, type Problems, withChoice } from './entered-registry.ts';
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
  const choices = mintChoices(preset.provider);
  return (
    <section className={css.section}>
      <h2 className={css.heading}>{TEXTS.credential}</h2>
      {choices.length > 1 && (
        <RadioCards
          label={TEXTS.how}
          name="mint"
          value={choiceKey(choice)}
          onChange={(key) => onChange(withChoice(entered, preset, choiceFrom(key, choices)))}
          width={18}
          cards={choices.map((one) => ({ id: choiceKey(one), ...wordsOf(one) }))}
        />
      )}
      {fieldsOf(choice).map((field) => (
        <TextField
          key={field}
          label={MINT_FIELD_LABELS[field]}
          name={fieldOfMint(field)}
          optional={!isRequired(choice, field)}
          value={mint[field] ?? ''}
          onChange={(value) => onChange({ mint: { ...mint, [field]: value } })}
          help={MINT_FIELD_HELPS[field]}
          error={problems[fieldOfMint(field)]}
          mono
          autoComplete="off"
          spellCheck="false"
        />
      ))}
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
      <DateTimeField
        label={ENTER.expiresAt}
        name="expiresAt"
        optional
        value={expiresAt || null}
        notBeforeNow
        onChange={(value) => onChange({ expiresAt: value ?? '' })}
        help={ENTER.expiresHelp}
      />
    </section>
  );
}

/** Where nothing is known, the label says it all. */
function usernameHelp({ provider, username }: Preset, choice: MintChoice): string | undefined {
  if (choice !== 'password') return TEXTS.usernameHelps[choice.kind];
  return provider === 'GENERIC' ? undefined : username;
}

const STORED: Readonly<Record<string, string>> = ENTER.stored.labels;

function wordsOf(choice: MintChoice): { label: string; help: string } {
  if (choice === 'password') return ENTER.itself;
  if (choice.federated) return ENTER.federated;
  return { label: STORED[choice.kind] ?? MINT_KIND_NAMES[choice.kind], help: ENTER.stored.help };
}
