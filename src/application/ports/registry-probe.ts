import type { Instant } from '../../domain/instant.ts';
import type { ProbeDetail, ProbeFacts, ProbeOutcome, ProbeVerdicts } from '../../domain/probe-outcome.ts';
import type { RegistryProvider } from '../../domain/providers/table.ts';
import type { RegistryAccess } from '../../domain/registry-details.ts';
import type { Secret } from '../../domain/secret.ts';

export interface ProbeRequest {
  /** Canonical `host[:port]`. */
  readonly url: string;
  readonly provider: RegistryProvider;
  readonly username: string;
  readonly password: Secret;
  /** PEM. Used in addition to the certificate authorities that Node knows. */
  readonly caCertificate: string | null;
  /** The `host[:port]` of the token server, if a writer of the registry has confirmed it. Default: none. */
  readonly authRealmHost?: string | null;
  /** If null, only the login is tested. Scheduled checks never name a repository. */
  readonly repository: string | null;
  /**
   * What the credential is meant for. The probe always checks both rights; with PULL, a denied push is not a fault.
   * Default: PULL_AND_PUSH.
   */
  readonly access?: RegistryAccess;
}

export interface ProbeReport extends ProbeVerdicts {
  readonly outcome: ProbeOutcome;
  /** Null if nothing more is known than the outcome. */
  readonly detail: ProbeDetail | null;
  /** What the sentence about it names. */
  readonly facts?: ProbeFacts;
  /** When the password expires, if the registry or its API tells. Only a probe learns this. */
  readonly expiresAt: Instant | null;
  readonly durationMs: number;
}

export interface RegistryProbe {
  /**
   * Asks the registry what the credential can do. Every failure is an outcome, never an error. The report holds nothing
   * that the other side sent.
   */
  probe(request: ProbeRequest): Promise<ProbeReport>;
}
