import type { LeasePurpose, MintConfig, SecretRef } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnosis.ts';
import { PurserError } from '../domain/errors.ts';
import { mintedPurpose } from '../domain/mint-source.ts';
import type { TestFindings } from '../domain/probe-outcome.ts';
import type { MintedPasswordKey, MintedPasswordVault } from './ports/minted-password-vault.ts';
import { type MintedPassword, MintingFailed, type MintingFault, type PasswordMinter } from './ports/password-minter.ts';
import { type LoginCredential, type SecretBinding, SecretIntegrityError } from './ports/vault.ts';

/** A password is used again while more than this share of its life is left. */
const REUSED_ABOVE = 1 / 4;
/** After a failure the cloud is left alone for so long: meanwhile the same answer is given. */
export const RETRY_AFTER_MS = 15_000;

export interface MintedPasswordsDeps {
  readonly minter: PasswordMinter;
  readonly vault: Pick<MintedPasswordVault, 'find' | 'keep'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of a kept password that does not open, and of one that cannot be kept. Neither stops a password from being given. */
  readonly onFault: (error: unknown) => void;
}

export interface MintedPasswordRequest {
  readonly mint: MintConfig;
  /** Of the stored cloud credential. */
  readonly binding: SecretBinding;
  readonly source: Pick<SecretRef, 'secretId'>;
  readonly purpose: LeasePurpose;
  /** Opens the cloud credential; undefined where it was destroyed or its row is missing. Called only when the cloud is asked. */
  readonly openSource: () => Promise<LoginCredential | undefined>;
}

export interface MintedPasswords {
  /**
   * A password that is kept, or else a new one. Whoever asks for the same one at the same time gets the same answer.
   * Undefined where the cloud credential is gone, or went while a password was minted from it.
   * @throws PurserError CREDENTIAL_UNAVAILABLE with the fault's class, whatever `openSource` throws, UNAVAILABLE
   */
  passwordFor(request: MintedPasswordRequest): Promise<MintedPassword | undefined>;
}

/** Whether the password is young enough to be given out without asking the cloud. `at` in milliseconds since 1970. */
export function isReusable(
  { issuedAt, expiresAt }: Pick<MintedPassword, 'issuedAt' | 'expiresAt'>,
  at: number,
): boolean {
  const end = Date.parse(expiresAt);
  return end - at > (end - Date.parse(issuedAt)) * REUSED_ABOVE;
}

function isValid({ expiresAt }: Pick<MintedPassword, 'expiresAt'>, at: number): boolean {
  return Date.parse(expiresAt) > at;
}

export function createMintedPasswords({ minter, vault, now, onFault }: MintedPasswordsDeps): MintedPasswords {
  const underWay = new Map<string, Promise<MintedPassword | undefined>>();
  const failures = new Map<string, { readonly fault: MintingFault; readonly until: number }>();

  return {
    passwordFor(request) {
      const { binding, source, mint } = request;
      const purpose = mintedPurpose(mint.kind, request.purpose);
      const key = { binding, sourceSecretId: source.secretId, purpose };
      // The whole binding: whoever asks with another one must not get this one's answer.
      const name = JSON.stringify([binding, source.secretId, purpose]);
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const asked = recallOrMint(name, key, request).finally(() => underWay.delete(name));
      underWay.set(name, asked);
      return asked;
    },
  };

  async function recallOrMint(
    name: string,
    key: MintedPasswordKey,
    request: MintedPasswordRequest,
  ): Promise<MintedPassword | undefined> {
    const kept = await recall(key);
    if (kept !== undefined && isReusable(kept, now())) return kept;
    const known = failures.get(name);
    const fault = known !== undefined && known.until > now() ? known.fault : undefined;
    const minted = fault ?? (await mintFresh(name, key, request));
    if (typeof minted !== 'string') return minted;
    if (kept !== undefined && isValid(kept, now())) return kept;
    throw credentialUnavailable(key.binding.host, minted);
  }

  /** One that does not open is as good as none: it is minted again. */
  async function recall(key: MintedPasswordKey): Promise<MintedPassword | undefined> {
    try {
      return await vault.find(key);
    } catch (error) {
      if (!(error instanceof SecretIntegrityError)) throw error;
      onFault(error);
      return undefined;
    }
  }

  async function mintFresh(
    name: string,
    key: MintedPasswordKey,
    { mint, openSource }: MintedPasswordRequest,
  ): Promise<MintedPassword | MintingFault | undefined> {
    const source = await openSource();
    if (source === undefined) return undefined;
    let password: MintedPassword;
    try {
      password = await minter.mint({ mint, url: key.binding.host, source, purpose: key.purpose });
    } catch (error) {
      if (!(error instanceof MintingFailed)) throw error;
      rememberFailure(name, error.fault);
      return error.fault;
    }
    failures.delete(name);
    return (await isSourceGone(key, password)) ? undefined : password;
  }

  /** Keeps the password, which tells whether the credential behind it was destroyed meanwhile. */
  async function isSourceGone(key: MintedPasswordKey, password: MintedPassword): Promise<boolean> {
    try {
      return !(await vault.keep(key, password));
    } catch (error) {
      onFault(error);
      return false;
    }
  }

  function rememberFailure(name: string, fault: MintingFault): void {
    const at = now();
    for (const [other, { until }] of failures) if (until <= at) failures.delete(other);
    failures.set(name, { fault, until: at + RETRY_AFTER_MS });
  }
}

function credentialUnavailable(host: string, fault: MintingFault): PurserError {
  const message = `No password could be minted for ${host} (${fault}). ${mintingAdvice(fault)}`;
  return new PurserError('CREDENTIAL_UNAVAILABLE', message, {}, { cause: new MintingFailed(fault) });
}

/** Of an error that `passwordFor` threw; undefined where it was not a cloud that failed. */
export function mintingFaultOf(error: unknown): MintingFault | undefined {
  return error instanceof PurserError && error.cause instanceof MintingFailed ? error.cause.fault : undefined;
}

/** What a test of a registry says where no password could be minted for it. */
export const FINDING_OF_FAULT: Readonly<Record<MintingFault, Pick<TestFindings, 'outcome' | 'detail'>>> = {
  CREDENTIAL_REFUSED: { outcome: 'AUTHENTICATION_FAILED', detail: 'NOT_MINTED' },
  NOT_PERMITTED: { outcome: 'INSUFFICIENT_PERMISSION', detail: 'NOT_MINTED' },
  NOT_FOUND: { outcome: 'UNEXPECTED_ANSWER', detail: 'UNKNOWN_TO_CLOUD' },
  THROTTLED: { outcome: 'RATE_LIMITED', detail: 'NOT_MINTED' },
  UNREACHABLE: { outcome: 'UNREACHABLE', detail: 'NOT_MINTED' },
  TARGET_NOT_ALLOWED: { outcome: 'TARGET_NOT_ALLOWED', detail: 'NOT_MINTED' },
  UNEXPECTED_ANSWER: { outcome: 'UNEXPECTED_ANSWER', detail: 'NOT_MINTED' },
};

/** What to do about it: the same for every provider and registry. */
export function mintingAdvice(fault: MintingFault): string {
  return diagnose({ provider: 'GENERIC', url: '', ...FINDING_OF_FAULT[fault] }) ?? '';
}
