import type {
  CreateRegistryInput,
  RegistryAccess,
  RegistryProvider,
  TestCredentialsInput,
} from '../../api/generated/graphql.ts';
import type { Failure } from '../../components/failure.ts';
import {
  fieldOfMint,
  fieldsOf,
  isRequired,
  type MintChoice,
  type MintField,
  mintInput,
  takesSecret,
} from '../../components/mint-fields.ts';
import { ADD_FORM } from '../../texts/add-registry.ts';
import { REGISTRY_FIELDS } from '../../texts/registry-fields.ts';
import { onlyUrlOf, type Preset } from './presets.ts';

/** What was entered for a new registry, but its secret. Texts are empty where there is nothing. */
export interface EnteredRegistry {
  readonly url: string;
  readonly access: RegistryAccess;
  readonly choice: MintChoice;
  readonly mint: Readonly<Partial<Record<MintField, string>>>;
  readonly username: string;
  readonly name: string;
  readonly description: string;
  readonly email: string;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly rotateEveryDays: string;
  readonly authRealmHost: string;
  readonly caCertificate: string;
  /** For the test only. */
  readonly repository: string;
}

export function emptyDraft(preset: Preset, url: string | undefined): EnteredRegistry {
  return {
    url: url ?? onlyUrlOf(preset),
    access: 'PULL_AND_PUSH',
    choice: 'password',
    mint: {},
    username: usualUsername(preset, 'password'),
    name: '',
    description: '',
    email: '',
    expiresAt: '',
    rotateEveryDays: '',
    authRealmHost: '',
    caCertificate: '',
    repository: '',
  };
}

/** What the provider prescribes as user name for this use of the secret; else nothing. */
export function usualUsername({ fixedUsername }: Preset, choice: MintChoice): string {
  if (choice === 'password' || choice.kind === 'GOOGLE') return fixedUsername ?? '';
  return '';
}

/** The draft for another use of the secret. A user name that nobody typed follows it. */
export function withChoice(entered: EnteredRegistry, preset: Preset, choice: MintChoice): EnteredRegistry {
  const isUntouched = entered.username === '' || entered.username === usualUsername(preset, entered.choice);
  return { ...entered, choice, ...(isUntouched && { username: usualUsername(preset, choice) }) };
}

/** Keys and service accounts span lines. */
export function isKeyFile(choice: MintChoice, provider: RegistryProvider): boolean {
  if (choice === 'password') return provider === 'GOOGLE';
  return choice.kind === 'GOOGLE' || choice.kind === 'GITHUB_APP';
}

export type Problems = Readonly<Record<string, string>>;

/** What is certain before anything is sent, by field, so that a typed secret need not be typed again for it. */
export function problemsOf(entered: EnteredRegistry, secret: string): Problems {
  const { url, choice, mint, username, rotateEveryDays } = entered;
  const problems: Record<string, string> = {};
  if (url.trim() === '') problems.url = ADD_FORM.urlMissing;
  for (const field of fieldsOf(choice)) {
    if (isRequired(choice, field) && (mint[field]?.trim() ?? '') === '') {
      problems[fieldOfMint(field)] = ADD_FORM.mintMissing;
    }
  }
  if (takesSecret(choice)) {
    if (username.trim() === '') problems.username = ADD_FORM.usernameMissing;
    if (secret.trim() === '') problems.password = ADD_FORM.passwordMissing;
  }
  if (!/^\s*\d*\s*$/.test(rotateEveryDays)) problems.rotateEveryDays = REGISTRY_FIELDS.rotateError;
  return problems;
}

interface Sent {
  readonly secret: string;
  readonly provider: RegistryProvider | undefined;
}

export function testInput(entered: EnteredRegistry, sent: Sent): TestCredentialsInput {
  return {
    ...connectionOf(entered, sent),
    ...given({ repository: entered.repository }),
  };
}

export function createInput(entered: EnteredRegistry, sent: Sent, verify: boolean): CreateRegistryInput {
  const { name, description, email, expiresAt, rotateEveryDays } = entered;
  return {
    ...connectionOf(entered, sent),
    ...given({ name, description, email, expiresAt }),
    ...(rotateEveryDays.trim() !== '' && { rotateEveryDays: Number(rotateEveryDays) }),
    verify,
  };
}

function connectionOf(entered: EnteredRegistry, { secret, provider }: Sent) {
  const { url, access, choice, mint, username, authRealmHost, caCertificate } = entered;
  const minted = mintInput(choice, mint);
  return {
    url: url.trim(),
    access,
    ...(provider !== undefined && { provider }),
    ...(takesSecret(choice) && { username: username.trim(), password: secret }),
    ...(minted !== null && { mint: minted }),
    ...given({ authRealmHost, caCertificate }),
  };
}

/** Without those that are empty. */
function given<Name extends string>(texts: Readonly<Record<Name, string>>): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name in texts) if (texts[name].trim() !== '') found[name] = texts[name].trim();
  return found;
}

/** Where an error of the service stands: a setting of `mint` that its sentence names has a field of its own here. */
export function atField(error: Failure | null, choice: MintChoice): Failure | null {
  if (error?.field === 'provider') return { ...copied(error), field: 'url' };
  if (error?.field !== 'mint') return error;
  const named = fieldsOf(choice).find((field) => new RegExp(`\\b${field}\\b`).test(error.message));
  return { ...copied(error), field: named === undefined ? 'mint' : fieldOfMint(named) };
}

/** The message of an Error is not among what a spread copies. */
function copied({ message, code, requestId }: Failure): Failure {
  return { message, code, requestId };
}
