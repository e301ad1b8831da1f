import type { MintConfig } from './credential.ts';
import { badUserInput } from './errors.ts';
import { MINT_KINDS } from './mint-kinds/table.ts';
import { Secret } from './secret.ts';

type Mint = Pick<MintConfig, 'kind'> | null | undefined;

/** @throws PurserError BAD_USER_INPUT on `username`, saying what to enter */
export function requireUsername(entered: string | null | undefined, mint: Mint): string {
  if (entered == null || entered.trim() === '')
    throw badUserInput('username', mintSource(mint) ?? 'Enter the user name.');
  return entered;
}

/**
 * Nothing is taken from the stored credential in place of a missing password. A new version would count as a rotation
 * although its secret is the old one, and a new `mint` would use that secret for a role or tenant it was not entered for.
 * @throws PurserError BAD_USER_INPUT on `password`, saying what to enter
 */
export function requirePassword(
  entered: Secret | null | undefined,
  mint: Mint,
  what = 'Enter the password or token.',
): Secret {
  if (entered == null || entered.isBlank) throw badUserInput('password', mintSource(mint) ?? what);
  return entered;
}

/** `mint` only says how: what passwords are minted from is entered beside it. */
function mintSource(mint: Mint): string | undefined {
  return mint ? `To mint passwords for ${mint.kind}, enter ${MINT_KINDS[mint.kind].takes}.` : undefined;
}

export interface EnteredLogin {
  readonly username: string | null | undefined;
  readonly password: Secret | null | undefined;
}

/**
 * What the vault seals where no secret is stored. It opens nothing. With it, minted passwords end with their version of the
 * credential, as elsewhere.
 */
const PLACEHOLDER = { username: 'federated', password: new Secret('federated') };

/**
 * The login of a registry without a stored secret; undefined if one is to be stored.
 * @param isOffered whether the service has an issuer
 * @throws PurserError BAD_USER_INPUT on `mint`, `username` or `password`
 */
export function federatedLogin(
  { username, password }: EnteredLogin,
  mint: Pick<MintConfig, 'kind' | 'federated'> | null | undefined,
  isOffered: boolean,
): typeof PLACEHOLDER | undefined {
  if (!mint?.federated) return undefined;
  if (username != null && username.trim() !== '') throw badUserInput('username', NOTHING_STORED);
  if (password != null && !password.isBlank) throw badUserInput('password', NOTHING_STORED);
  if (!isOffered) {
    throw badUserInput(
      'mint',
      'federated needs an issuer, which this service does not have: its operator sets WORKLOAD_ISSUER_URL.',
    );
  }
  return PLACEHOLDER;
}
const NOTHING_STORED = 'With `federated` in `mint` no secret is stored: leave username and password out.';

/** @throws PurserError BAD_USER_INPUT on `username` or `password`, if a login is entered that would not be used */
export function requirePlaceholder(username: string, password: Secret): void {
  refuseLogin(
    username === PLACEHOLDER.username ? undefined : username,
    password === PLACEHOLDER.password ? undefined : password,
  );
}

/** The same of what an update enters. */
export function refuseLogin(username: string | undefined, password: Secret | undefined): void {
  if (username !== undefined) throw badUserInput('username', STORES_NOTHING);
  if (password !== undefined) throw badUserInput('password', STORES_NOTHING);
}
const STORES_NOTHING =
  'This registry stores no secret: rotate it with `mint: null`, a user name and a password to have one stored.';

/**
 * The user name of the next credential.
 * @param entered undefined: that of the current one
 * @throws PurserError BAD_USER_INPUT on `username`, if the current one has none
 */
export function usernameAfter(
  current: { readonly username: string; readonly mint: MintConfig | null },
  entered: string | undefined,
  mint: MintConfig | null,
): string {
  if (entered === undefined && current.mint?.federated && !mint?.federated) {
    throw badUserInput('username', 'Enter the user name: so far no login is stored.');
  }
  return entered ?? current.username;
}
