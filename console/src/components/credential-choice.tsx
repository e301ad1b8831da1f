import { MINT_KIND_NAMES } from '../texts/registry.ts';
import { ENTER as TEXTS } from '../texts/rotate.ts';
import { DateTimeField } from './date-field.tsx';
import { choiceFrom, choiceKey, type MintChoice } from './mint-fields.ts';
import { RadioCards } from './radio-cards.tsx';

interface CredentialChoiceProps {
  readonly choices: readonly MintChoice[];
  readonly value: MintChoice;
  readonly onChange: (choice: MintChoice) => void;
}

/** Whether the secret itself is issued or passwords are minted. Nothing where there is no choice. */
export function CredentialChoice({ choices, value, onChange }: CredentialChoiceProps) {
  if (choices.length < 2) return null;
  return (
    <RadioCards
      label={TEXTS.how}
      name="mint"
      value={choiceKey(value)}
      onChange={(key) => onChange(choiceFrom(key, choices))}
      width={18}
      cards={choices.map((choice) => ({ id: choiceKey(choice), ...wordsOf(choice) }))}
    />
  );
}

const STORED: Readonly<Record<string, string>> = TEXTS.stored.labels;

function wordsOf(choice: MintChoice): { label: string; help: string } {
  if (choice === 'password') return TEXTS.itself;
  if (choice.federated) return TEXTS.federated;
  return { label: STORED[choice.kind] ?? MINT_KIND_NAMES[choice.kind], help: TEXTS.stored.help };
}

interface ExpiryFieldProps {
  /** As the API takes it; empty for none. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** When a new credential ends. */
export function ExpiryField({ value, onChange }: ExpiryFieldProps) {
  return (
    <DateTimeField
      label={TEXTS.expiresAt}
      name="expiresAt"
      optional
      value={value || null}
      notBeforeNow
      onChange={(expiresAt) => onChange(expiresAt ?? '')}
      help={TEXTS.expiresHelp}
    />
  );
}
