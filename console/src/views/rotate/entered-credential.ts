import type { MintInput } from '../../api/generated/graphql.ts';
import {
  choiceKey,
  choiceOf,
  fieldsOf,
  type MintChoice,
  type MintField,
  type MintSettings,
  mintInput,
  takesSecret,
} from '../../components/mint-fields.ts';

/** What was entered for the next version, but its secret. */
export interface EnteredCredential {
  readonly choice: MintChoice;
  readonly mint: Readonly<Partial<Record<MintField, string>>>;
  /** Empty: it stays. */
  readonly username: string;
  /** RFC 3339, or empty. */
  readonly expiresAt: string;
}

export interface CredentialInput {
  readonly username?: string;
  readonly password?: string;
  readonly expiresAt?: string;
  readonly mint?: MintInput | null;
}

export function credentialDraft(current: MintSettings | null): EnteredCredential {
  const mint: Partial<Record<MintField, string>> = {};
  for (const field of fieldsOf(choiceOf(current))) mint[field] = current?.[field] ?? '';
  return { choice: choiceOf(current), mint, username: '', expiresAt: '' };
}

/** For the API, which keeps what is left out. */
export function credentialInput(
  entered: EnteredCredential,
  current: MintSettings | null,
  secret: string,
): CredentialInput {
  const { choice, mint, username, expiresAt } = entered;
  const login = takesSecret(choice);
  return {
    ...(login && username.trim() !== '' && { username: username.trim() }),
    ...(login && { password: secret }),
    ...(expiresAt !== '' && { expiresAt }),
    ...(isMintChanged(entered, current) && { mint: mintInput(choice, mint) }),
  };
}

function isMintChanged({ choice, mint }: EnteredCredential, current: MintSettings | null): boolean {
  const before = choiceOf(current);
  if (choiceKey(choice) !== choiceKey(before)) return true;
  return fieldsOf(choice).some((field) => (mint[field]?.trim() ?? '') !== (current?.[field] ?? ''));
}

/** Keys and service accounts span lines. */
export function isMultiline(choice: MintChoice, provider: string): boolean {
  if (choice === 'password') return provider === 'GOOGLE';
  return choice.kind === 'GOOGLE' || choice.kind === 'GITHUB_APP';
}
