import type { LeasePurpose, MintConfig, SecretRef } from '../../domain/credential.ts';
import { diagnose } from '../../domain/diagnosis.ts';
import { PurserError } from '../../domain/errors.ts';
import { LEASE_TTL_SECONDS } from '../../domain/lease.ts';
import { mintedPurpose } from '../../domain/mint-source.ts';
import type { TestFindings } from '../../domain/probe-outcome.ts';
import type { MintedPasswordKey, MintedPasswordVault } from '../ports/minted-password-vault.ts';
import {
  type MintedPassword,
  MintingFailed,
  type MintingFault,
  type PasswordMinter,
} from '../ports/password-minter.ts';
import type { ProbeReport } from '../ports/registry-probe.ts';
import { type LoginCredential, type SecretBinding, SecretIntegrityError } from '../ports/vault.ts';

/** A password is reused while more than this share of its lifetime is left, if it outlasts its use. */
const REUSED_ABOVE = 1 / 4;
/** A new password would hardly last longer than one that has this share of its lifetime left. */
const AS_GOOD_AS_NEW = 19 / 20;
/** If the cloud does not answer, a kept password is given while this much is left: enough for one pull. */
const USABLE_MS = LEASE_TTL_SECONDS.min * 1000;
/** After a failure the cloud is not asked for this long. Meanwhile callers get the same answer. */
export const RETRY_AFTER_MS = 15_000;

export interface MintedPasswordsDeps {
  readonly minter: PasswordMinter;
  readonly vault: Pick<MintedPasswordVault, 'find' | 'keep'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Gets the error if a kept password does not open or a new one cannot be kept. The caller gets a password anyway. */
  readonly onFault: (error: unknown) => void;
}

export interface MintedPasswordRequest {
  readonly mint: MintConfig;
  /** The stored cloud credential's binding. */
  readonly binding: SecretBinding;
  readonly source: Pick<SecretRef, 'secretId'>;
  readonly purpose: LeasePurpose;
  /** How long the caller expects to use the password. Milliseconds. */
  readonly neededMs: number;
  /** Opens the cloud credential; undefined if it was destroyed or its row is missing. Called only to ask the cloud. */
  readonly openSource: () => Promise<LoginCredential | undefined>;
}

export interface MintedPasswords {
  /**
   * A kept password, or else a new one. Concurrent requests for the same password get the same answer.
   * Undefined if the cloud credential is gone, or was destroyed while a password was minted from it.
   * @throws PurserError CREDENTIAL_UNAVAILABLE with the fault's class, whatever `openSource` throws, UNAVAILABLE
   */
  passwordFor(request: MintedPasswordRequest): Promise<MintedPassword | undefined>;
}

/**
 * Whether the password can be issued without asking the cloud again: it outlasts its use, or nearly as long as a new one.
 * `at` is in milliseconds since 1970.
 */
export function isReusable(
  { issuedAt, expiresAt }: Pick<MintedPassword, 'issuedAt' | 'expiresAt'>,
  neededMs: number,
  at: number,
): boolean {
  const end = Date.parse(expiresAt);
  const life = end - Date.parse(issuedAt);
  const left = end - at;
  return left > life * REUSED_ABOVE && left >= Math.min(neededMs, life * AS_GOOD_AS_NEW);
}

function isUsable({ expiresAt }: Pick<MintedPassword, 'expiresAt'>, at: number): boolean {
  return Date.parse(expiresAt) - at >= USABLE_MS;
}

export function createMintedPasswords({ minter, vault, now, onFault }: MintedPasswordsDeps): MintedPasswords {
  const underWay = new Map<string, Promise<MintedPassword | undefined>>();
  const failures = new Map<string, { readonly failed: MintingFailed; readonly until: number }>();

  return {
    passwordFor(request) {
      const { binding, source, mint } = request;
      const purpose = mintedPurpose(mint.kind, request.purpose);
      const key = { binding, sourceSecretId: source.secretId, purpose };
      // The whole binding: a request with another binding must not get this answer.
      const name = JSON.stringify([binding, source.secretId, purpose]);
      // A password that is kept may last for one caller and not for another.
      const flight = `${name} ${request.neededMs}`;
      const running = underWay.get(flight);
      if (running !== undefined) return running;
      const asked = recallOrMint(name, key, request).finally(() => underWay.delete(flight));
      underWay.set(flight, asked);
      return asked;
    },
  };

  async function recallOrMint(
    name: string,
    key: MintedPasswordKey,
    request: MintedPasswordRequest,
  ): Promise<MintedPassword | undefined> {
    const kept = await recall(key);
    if (kept !== undefined && isReusable(kept, request.neededMs, now())) return kept;
    const known = failures.get(name);
    const failed = known !== undefined && known.until > now() ? known.failed : undefined;
    const minted = failed ?? (await mintFresh(name, key, request));
    if (!(minted instanceof MintingFailed)) return minted;
    if (kept !== undefined && isUsable(kept, now())) return kept;
    throw credentialUnavailable(key.binding.host, minted);
  }

  /** A kept password that does not open counts as missing: a new one is minted. */
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
  ): Promise<MintedPassword | MintingFailed | undefined> {
    const source = await openSource();
    if (source === undefined) return undefined;
    let password: MintedPassword;
    try {
      const { projectId, registryId, host: url } = key.binding;
      password = await minter.mint({ mint, url, owner: { projectId, registryId }, source, purpose: key.purpose });
    } catch (error) {
      if (!(error instanceof MintingFailed)) throw error;
      rememberFailure(name, error);
      return error;
    }
    failures.delete(name);
    return (await isSourceGone(key, password)) ? undefined : password;
  }

  /** Tries to keep the password. That fails if the credential behind it was destroyed meanwhile. */
  async function isSourceGone(key: MintedPasswordKey, password: MintedPassword): Promise<boolean> {
    try {
      return !(await vault.keep(key, password));
    } catch (error) {
      onFault(error);
      return false;
    }
  }

  function rememberFailure(name: string, failed: MintingFailed): void {
    const at = now();
    for (const [other, { until }] of failures) if (until <= at) failures.delete(other);
    failures.set(name, { failed, until: at + RETRY_AFTER_MS });
  }
}

function credentialUnavailable(host: string, failed: MintingFailed): PurserError {
  const message = `No password could be minted for ${host} (${failed.fault}). ${mintingAdvice(failed)}`;
  return new PurserError('CREDENTIAL_UNAVAILABLE', message, {}, { cause: failed });
}

/** What is behind an error that `passwordFor` threw; undefined if the error did not come from a cloud. */
export function mintingFailureOf(error: unknown): MintingFailed | undefined {
  return error instanceof PurserError && error.cause instanceof MintingFailed ? error.cause : undefined;
}

const FINDING_OF_FAULT: Readonly<Record<MintingFault, Pick<TestFindings, 'outcome' | 'detail'>>> = {
  CREDENTIAL_REFUSED: { outcome: 'AUTHENTICATION_FAILED', detail: 'NOT_MINTED' },
  NOT_PERMITTED: { outcome: 'INSUFFICIENT_PERMISSION', detail: 'NOT_MINTED' },
  NOT_FOUND: { outcome: 'UNEXPECTED_ANSWER', detail: 'UNKNOWN_TO_CLOUD' },
  NO_ISSUER: { outcome: 'UNEXPECTED_ANSWER', detail: 'NO_ISSUER' },
  TOKEN_REFUSED: { outcome: 'AUTHENTICATION_FAILED', detail: 'TOKEN_REFUSED' },
  ISSUER_UNREACHABLE: { outcome: 'UNREACHABLE', detail: 'ISSUER_UNREACHABLE' },
  CLOCK_SKEWED: { outcome: 'CLOCK_SKEWED', detail: 'NOT_MINTED' },
  THROTTLED: { outcome: 'RATE_LIMITED', detail: 'NOT_MINTED' },
  UNREACHABLE: { outcome: 'UNREACHABLE', detail: 'NOT_MINTED' },
  PROXY_UNREACHABLE: { outcome: 'UNREACHABLE', detail: 'PROXY_UNREACHABLE' },
  PROXY_REFUSED: { outcome: 'UNREACHABLE', detail: 'PROXY_REFUSED' },
  TARGET_NOT_ALLOWED: { outcome: 'TARGET_NOT_ALLOWED', detail: 'NOT_MINTED' },
  UNEXPECTED_ANSWER: { outcome: 'UNEXPECTED_ANSWER', detail: 'NOT_MINTED' },
};

function findingOf({ fault, clockAheadSeconds }: MintingFailed): Pick<TestFindings, 'outcome' | 'detail' | 'facts'> {
  return { ...FINDING_OF_FAULT[fault], ...(clockAheadSeconds !== undefined && { facts: { clockAheadSeconds } }) };
}

/** What a test of a registry finds if no password could be minted for it: the registry was not asked. */
export function reportOfFailure(failed: MintingFailed, repository: string | null, durationMs: number): ProbeReport {
  return {
    login: 'UNKNOWN',
    pull: 'UNKNOWN',
    push: 'UNKNOWN',
    method: null,
    expiresAt: null,
    ...findingOf(failed),
    repository,
    durationMs,
  };
}

/** What to do about the failure. It is the same for every provider and registry. */
export function mintingAdvice(failed: MintingFailed): string {
  return diagnose({ provider: 'GENERIC', url: '', ...findingOf(failed) }) ?? '';
}
