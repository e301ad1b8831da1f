export type Verdict = 'PROVED' | 'DENIED' | 'UNKNOWN';

/** The credential's faults first, then the registry's, then those of the way to it. */
export const PROBE_OUTCOMES = [
  'OK',
  'AUTHENTICATION_FAILED',
  'INSUFFICIENT_PERMISSION',
  'EXPIRED',
  'REPOSITORY_NOT_FOUND',
  'NOT_A_REGISTRY',
  'UNREACHABLE',
  'TLS_INVALID',
  'TARGET_NOT_ALLOWED',
  'REALM_NOT_TRUSTED',
  'RATE_LIMITED',
  'UNEXPECTED_ANSWER',
] as const;

export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** What made the outcome, where more is known than the outcome says. Never anything that the other side sent. */
export type ProbeDetail =
  /** Nobody whom Node's list or the registry's own `caCertificate` names has signed the certificate. */
  | 'UNKNOWN_AUTHORITY'
  | 'CERTIFICATE_EXPIRED'
  | 'WRONG_HOST'
  /** The port does not speak TLS: most often it is plain http. */
  | 'NOT_TLS'
  | 'OWN_AUTHORITY_UNREADABLE'
  /** An address that is not on the public internet. */
  | 'PRIVATE_ADDRESS'
  /** A name that is only ever local. */
  | 'LOCAL_NAME'
  | 'PLAIN_HTTP'
  /** The host asks nobody for a login, so the credential could not be checked. */
  | 'NO_LOGIN_ASKED'
  /** It sends clients elsewhere. */
  | 'REDIRECTED'
  /** It wants a kind of login that container clients do not know. */
  | 'UNKNOWN_SCHEME'
  | 'SERVER_ERROR'
  /** Nobody may push at present. */
  | 'READ_ONLY'
  /** The account has the right, and the token itself was made without it. */
  | 'TOKEN_WITHOUT_SCOPE'
  /** The secret says itself that its time has passed, or the registry does. */
  | 'SECRET_EXPIRED'
  /** What a person logs in to the web site with, where a token is wanted. */
  | 'ACCOUNT_PASSWORD'
  | 'FINE_GRAINED_TOKEN'
  | 'OTHER_PROVIDERS_TOKEN'
  /** A service-account key that is not whole. */
  | 'BROKEN_KEY'
  /** A service-account key that was put in quotes once more on its way. */
  | 'REQUOTED_KEY'
  /** It is the cloud that says so, from which a password was to be minted: the registry was not asked. */
  | 'NOT_MINTED'
  /** The same cloud does not know the tenant, the installation or the registry. */
  | 'UNKNOWN_TO_CLOUD';

/** The registry will not have the credential: asking again is of no use, and gets the service banned. */
export const REFUSALS: readonly ProbeOutcome[] = ['AUTHENTICATION_FAILED', 'EXPIRED'];

export type ProbeMethod = 'TOKEN_SCOPE' | 'UPLOAD_PROBE' | 'BASIC';

export interface ProbeVerdicts {
  readonly login: Verdict;
  readonly pull: Verdict;
  readonly push: Verdict;
  /** What proved or denied the most; null where nothing was. */
  readonly method: ProbeMethod | null;
  readonly repository: string | null;
}

export interface TestFindings extends ProbeVerdicts {
  readonly url: string;
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
  readonly durationMs: number;
}
