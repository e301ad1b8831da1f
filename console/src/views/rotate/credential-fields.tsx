import type { Ref } from 'react';
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
import { SecretField, type SecretHandle } from '../../components/secret-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { MINT_FIELD_LABELS, MINT_KIND_NAMES } from '../../texts/registry.ts';
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
  const choices = mintChoices(registry.provider);
  return (
    <>
      {choices.length > 1 && (
        <RadioCards
          label={TEXTS.how}
          name="mint"
          value={choiceKey(choice)}
          onChange={(key) => onChange({ choice: choiceFrom(key, choices) })}
          width={18}
          cards={choices.map((one) => ({ id: choiceKey(one), ...wordsOf(one) }))}
        />
      )}
      {fieldsOf(choice).map((field) => (
        <TextField
          key={field}
          label={MINT_FIELD_LABELS[field]}
          optional={!isRequired(choice, field)}
          value={mint[field] ?? ''}
          onChange={(value) => onChange({ mint: { ...mint, [field]: value } })}
          mono
          autoComplete="off"
          spellCheck="false"
        />
      ))}
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
      <DateTimeField
        label={TEXTS.expiresAt}
        name="expiresAt"
        optional
        value={expiresAt || null}
        notBeforeNow
        onChange={(value) => onChange({ expiresAt: value ?? '' })}
        help={TEXTS.expiresHelp}
      />
    </>
  );
}

const STORED: Readonly<Record<string, string>> = TEXTS.stored.labels;

function wordsOf(choice: MintChoice): { label: string; help: string } {
  if (choice === 'password') return TEXTS.itself;
  if (choice.federated) return TEXTS.federated;
  return { label: STORED[choice.kind] ?? MINT_KIND_NAMES[choice.kind], help: TEXTS.stored.help };
}
