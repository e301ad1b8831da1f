export type Verdict = 'PROVED' | 'DENIED' | 'UNKNOWN';

/** First the credential's faults, then the registry's, then the connection's. */
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
  'CLOCK_SKEWED',
  'UNEXPECTED_ANSWER',
] as const;

export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** The cause, if more is known than the outcome says. Never holds text from the other side. */
export type ProbeDetail =
  /** No authority in Node's list or in the registry's `caCertificate` has signed the certificate. */
  | 'UNKNOWN_AUTHORITY'
  | 'CERTIFICATE_EXPIRED'
  | 'WRONG_HOST'
  | 'NO_SUBJECT_ALT_NAME'
  /** An authority may not sign for this name. */
  | 'NAME_NOT_PERMITTED'
  /** A certificate is not for servers. */
  | 'WRONG_USE'
  /** The certificate, or one above it, was signed by one that is not an authority's. */
  | 'NOT_AN_AUTHORITY'
  | 'WEAK_SIGNATURE'
  | 'UNSUITABLE_KEY'
  | 'CLIENT_CERTIFICATE_DEMANDED'
  /** Nothing from TLS 1.2 on. */
  | 'OLD_VERSION'
  | 'NO_COMMON_CIPHER'
  /** The port does not speak TLS; most often it speaks plain http. */
  | 'NOT_TLS'
  | 'OWN_AUTHORITY_UNREADABLE'
  /** The operator's proxy cannot be reached, or is none. */
  | 'PROXY_UNREACHABLE'
  /** The operator's proxy refuses the login or the target. */
  | 'PROXY_REFUSED'
  /** An address that is not on the public internet. */
  | 'PRIVATE_ADDRESS'
  /** A name that is always local. */
  | 'LOCAL_NAME'
  | 'PLAIN_HTTP'
  /** The token server's address is not an absolute http(s) URL without a user name. */
  | 'REALM_UNREADABLE'
  | 'REALM_PLAIN_HTTP'
  /** The token server is on a host that is not known to belong to the registry. */
  | 'REALM_ELSEWHERE'
  /** This service's address is refused, whatever the credential. */
  | 'BLOCKED'
  /** The token server spends a refresh token with its first use. */
  | 'SINGLE_USE_TOKEN'
  /** The host did not ask for a login, so the credential could not be checked. */
  | 'NO_LOGIN_ASKED'
  /** The host redirects clients elsewhere. */
  | 'REDIRECTED'
  /** The host asks for a kind of login that container clients do not support. */
  | 'UNKNOWN_SCHEME'
  | 'SERVER_ERROR'
  /** Nobody may push for now. */
  | 'READ_ONLY'
  /** The account has the right, but the token was made without it. */
  | 'TOKEN_WITHOUT_SCOPE'
  /** The secret's own text, or the registry, says that it has expired. */
  | 'SECRET_EXPIRED'
  /** The password for the web site, where the registry needs a token. */
  | 'ACCOUNT_PASSWORD'
  | 'FINE_GRAINED_TOKEN'
  | 'OTHER_PROVIDERS_TOKEN'
  /** The password ends with a line break, which was kept and sent. */
  | 'TRAILING_LINE_BREAK'
  /** An incomplete service-account key. */
  | 'BROKEN_KEY'
  /** A service-account key that was quoted again on its way here. */
  | 'REQUOTED_KEY'
  /** The outcome comes from the cloud that should mint a password. The registry was not asked. */
  | 'NOT_MINTED'
  /** That cloud does not know the tenant, the installation or the registry. */
  | 'UNKNOWN_TO_CLOUD'
  /** That cloud does not trust this service's own token. */
  | 'TOKEN_REFUSED'
  /** That cloud cannot read this service's keys. */
  | 'ISSUER_UNREACHABLE'
  /** No token can be made for that cloud. */
  | 'NO_ISSUER';

/** The registry refuses the credential. Trying again would not help and could get the service banned. */
export const REFUSALS: readonly ProbeOutcome[] = ['AUTHENTICATION_FAILED', 'EXPIRED'];

/** What the sentence about a finding names. Only values that were checked, never text from the other side. */
export interface ProbeFacts {
  /** `host[:port]` of the token server that was sent nothing. */
  readonly realmHost?: string;
  /** By how much this service's clock is ahead of the other side's; negative if it is behind. */
  readonly clockAheadSeconds?: number;
}

/** Nothing was learnt of the credential: what an earlier test found still stands. */
export const UNDECIDED: readonly ProbeOutcome[] = ['RATE_LIMITED', 'CLOCK_SKEWED'];

export type ProbeMethod = 'TOKEN_SCOPE' | 'UPLOAD_PROBE' | 'BASIC';

export interface ProbeVerdicts {
  readonly login: Verdict;
  readonly pull: Verdict;
  readonly push: Verdict;
  /** The method that proved or denied the most; null if nothing was proved or denied. */
  readonly method: ProbeMethod | null;
  readonly repository: string | null;
}

export interface TestFindings extends ProbeVerdicts {
  readonly url: string;
  readonly outcome: ProbeOutcome;
  readonly detail: ProbeDetail | null;
  readonly facts?: ProbeFacts;
  readonly durationMs: number;
}
