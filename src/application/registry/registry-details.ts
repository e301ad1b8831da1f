import type { CredentialVersion, MintConfig } from '../../domain/credential.ts';
import {
  checkPassword,
  checkUsername,
  credentialKind,
  learnExpiry,
  normalisePassword,
  secretWarnings,
} from '../../domain/entered-credential.ts';
import { requirePlaceholder } from '../../domain/entered-login.ts';
import { badUserInput } from '../../domain/errors.ts';
import { parseImageReference } from '../../domain/image-reference.ts';
import type { Instant } from '../../domain/instant.ts';
import { checkMint } from '../../domain/mint-config.ts';
import { checkMintSource } from '../../domain/mint-source.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import { repositoryAt } from '../../domain/providers.ts';
import { checkRealmHost } from '../../domain/realm-host.ts';
import type { ProposedCredential } from '../../domain/registry.ts';
import type { RegistryDetails } from '../../domain/registry-details.ts';
import type { Secret } from '../../domain/secret.ts';
import { checkEmail, checkInstant, checkPemCertificates, checkText } from '../../domain/text-rules.ts';

const ROTATE_EVERY_DAYS = { min: 1, max: 3650 } as const;

/** A detail that is left out stays undefined, so that an update keeps it. Null clears it. */
export interface EnteredDetails {
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
  readonly email: string | null | undefined;
  readonly access: RegistryDetails['access'] | null | undefined;
  readonly caCertificate: string | null | undefined;
  readonly authRealmHost: string | null | undefined;
  readonly rotateEveryDays: number | null | undefined;
}

export type CheckedDetails = {
  readonly [Field in Exclude<keyof RegistryDetails, 'username'>]: RegistryDetails[Field] | undefined;
};

/** @throws PurserError BAD_USER_INPUT that names the field */
export function checkDetails(entered: EnteredDetails, url: string): CheckedDetails {
  return {
    name: ifGiven(entered.name, (name) => checkText('name', name, { max: 200, optional: true }) || url, url),
    description: ifGiven(
      entered.description,
      (text) => checkText('description', text, { max: 2000, multiline: true, optional: true }) || null,
      null,
    ),
    email: ifGiven(unlessBlank(entered.email), (email) => checkEmail('email', email), null),
    access: ifGiven(entered.access, (access) => access, 'PULL_AND_PUSH'),
    caCertificate: ifGiven(
      unlessBlank(entered.caCertificate),
      (pem) => checkPemCertificates('caCertificate', pem),
      null,
    ),
    authRealmHost: ifGiven(unlessBlank(entered.authRealmHost), checkRealmHost, null),
    rotateEveryDays: ifGiven(entered.rotateEveryDays, checkRotateEveryDays, null),
  };
}

export function checkExpiresAt(entered: Instant | null | undefined): Instant | null | undefined {
  return ifGiven(entered, (instant) => checkInstant('expiresAt', instant), null);
}

export interface CheckedCredential {
  readonly password: Secret;
  readonly proposed: ProposedCredential;
}

/**
 * The password to seal, and what its shape tells. Refuses a blank password: callers that allow one must check before.
 * With `mint` it is a cloud credential, which the registry never sees.
 */
export function checkCredential(
  provider: RegistryProvider,
  username: string,
  entered: Secret,
  { expiresAt, mint }: { readonly expiresAt: Instant | null; readonly mint: MintConfig | null },
): CheckedCredential {
  if (mint !== null) return checkMintingCredential(provider, username, entered, expiresAt, mint);
  checkUsername(provider, username);
  checkPassword(provider, username, entered);
  const password = normalisePassword(provider, username, entered);
  return {
    password,
    proposed: {
      kind: credentialKind(provider, username, password),
      ...earlierExpiry(expiresAt, learnExpiry(provider, password)),
      warnings: secretWarnings(provider, username, password),
      mint: null,
    },
  };
}

function checkMintingCredential(
  provider: RegistryProvider,
  username: string,
  entered: Secret,
  expiresAt: Instant | null,
  mint: MintConfig,
): CheckedCredential {
  checkMint(provider, mint);
  if (mint.federated) {
    requirePlaceholder(username, entered);
    return { password: entered, proposed: { kind: 'MINTED', ...earlierExpiry(expiresAt, null), warnings: [], mint } };
  }
  checkUsername(provider, username, mint.kind);
  checkPassword('GENERIC', username, entered);
  checkMintSource(mint.kind, username, entered);
  const password = normalisePassword('GENERIC', username, entered);
  return { password, proposed: { kind: 'MINTED', ...earlierExpiry(expiresAt, null), warnings: [], mint } };
}

/** Some secrets hold their own expiry date. A declared date counts if it is earlier. */
function earlierExpiry(
  declared: Instant | null,
  learnt: Instant | null,
): Pick<CredentialVersion, 'expiresAt' | 'expirySource'> {
  if (learnt !== null && (declared === null || learnt < declared)) return { expiresAt: learnt, expirySource: 'SECRET' };
  return { expiresAt: declared, expirySource: declared === null ? null : 'DECLARED' };
}

/**
 * A repository's name below the registry, such as `team/app`, by the rules for image references. Null if left out.
 * @throws PurserError BAD_USER_INPUT with field `repository`
 */
export function checkRepository(entered: string | null | undefined, url: string): string | null {
  if (entered === null || entered === undefined || entered.trim() === '') return null;
  const name = entered.trim();
  try {
    const reference = parseImageReference(`${url}/${name}`);
    if (reference.repository === repositoryAt(url, name)) return name;
  } catch {
    // Reported below, for the field that was entered.
  }
  throw badUserInput(
    'repository',
    'repository is the name below the registry, such as team/app, without tag or digest.',
  );
}

/** Forms send an empty text for a cleared field. */
export function unlessBlank(text: string | null | undefined): string | null | undefined {
  return text?.trim() === '' ? null : text;
}

function ifGiven<Entered, Kept, Cleared>(
  entered: Entered | null | undefined,
  check: (value: Entered) => Kept,
  cleared: Cleared,
): Kept | Cleared | undefined {
  if (entered === undefined) return undefined;
  return entered === null ? cleared : check(entered);
}

function checkRotateEveryDays(days: number): number {
  const { min, max } = ROTATE_EVERY_DAYS;
  if (!Number.isInteger(days) || days < min || days > max) {
    throw badUserInput('rotateEveryDays', `rotateEveryDays must be a whole number from ${min} to ${max}.`);
  }
  return days;
}
