import { MINT_FIELD_LABELS, MINT_KIND_NAMES } from '../texts/registry.ts';
import { MINT_FIELD_HELPS } from '../texts/registry-fields.ts';
import { ENTER as TEXTS } from '../texts/rotate.ts';
import { DateTimeField } from './date-field.tsx';
import {
  choiceFrom,
  choiceKey,
  fieldOfMint,
  fieldsOf,
  isRequired,
  type MintChoice,
  type MintField,
} from './mint-fields.ts';
import { RadioCards } from './radio-cards.tsx';
import { TextField } from './text-field.tsx';

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

interface MintFieldsProps {
  readonly choice: MintChoice;
  readonly value: Partial<Record<MintField, string>>;
  /** What is wrong with a setting, by its field. */
  readonly problems?: Readonly<Record<string, string>>;
  readonly onChange: (value: Partial<Record<MintField, string>>) => void;
}

/** The settings of minting that the choice needs. Nothing where the secret itself is issued. */
export function MintFields({ choice, value, problems = {}, onChange }: MintFieldsProps) {
  return fieldsOf(choice).map((field) => (
    <TextField
      key={field}
      label={MINT_FIELD_LABELS[field]}
      name={fieldOfMint(field)}
      optional={!isRequired(choice, field)}
      value={value[field] ?? ''}
      onChange={(text) => onChange({ ...value, [field]: text })}
      help={MINT_FIELD_HELPS[field]}
      error={problems[fieldOfMint(field)]}
      mono
      autoComplete="off"
      spellCheck="false"
    />
  ));
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
