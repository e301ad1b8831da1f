import type { MintConfig } from './credential.ts';
import { badUserInput } from './errors.ts';
import { MINT_KINDS } from './mint-kinds/table.ts';
import type { Secret } from './secret.ts';

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
