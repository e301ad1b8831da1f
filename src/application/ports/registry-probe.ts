import type { Instant } from '../../domain/instant.ts';
import type { ProbeDetail, ProbeOutcome, ProbeVerdicts } from '../../domain/probe-outcome.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import type { Secret } from '../../domain/secret.ts';

export interface ProbeRequest {
  /** Canonical `host[:port]`. */
  readonly url: string;
  readonly provider: RegistryProvider;
  readonly username: string;
  readonly password: Secret;
  /** PEM, in addition to the certificate authorities that Node knows. */
  readonly caCertificate: string | null;
  /** Without one only the login is tried: scheduled checks never name one. */
  readonly repository: string | null;
  /**
   * What the credential is meant for. Both rights are looked for in any case; with PULL, a denied push is no fault.
   * Default: PULL_AND_PUSH.
   */
  readonly access?: RegistryAccess;
}

export interface ProbeReport extends ProbeVerdicts {
  readonly outcome: ProbeOutcome;
  /** Null where the outcome says all that is known. */
  readonly detail: ProbeDetail | null;
  /** When the password ends, where the registry or its API tells: on this occasion only. */
  readonly expiresAt: Instant | null;
  readonly durationMs: number;
}

export interface RegistryProbe {
  /**
   * Asks the registry what the credential can do. Whatever goes wrong on the way is an outcome, never an error; nothing
   * that the other side sent is in the report.
   */
  probe(request: ProbeRequest): Promise<ProbeReport>;
}
