export type Verdict = 'PROVED' | 'DENIED' | 'UNKNOWN';

export type ProbeOutcome =
  | 'OK'
  | 'AUTHENTICATION_FAILED'
  | 'INSUFFICIENT_PERMISSION'
  | 'EXPIRED'
  | 'REPOSITORY_NOT_FOUND'
  | 'NOT_A_REGISTRY'
  | 'UNREACHABLE'
  | 'TLS_INVALID'
  | 'TARGET_NOT_ALLOWED'
  | 'REALM_NOT_TRUSTED'
  | 'RATE_LIMITED'
  | 'UNEXPECTED_ANSWER';

export type ProbeMethod = 'TOKEN_SCOPE' | 'UPLOAD_PROBE' | 'BASIC';

export interface ProbeVerdicts {
  readonly login: Verdict;
  readonly pull: Verdict;
  readonly push: Verdict;
  /** What proved or denied the most; null where nothing was. */
  readonly method: ProbeMethod | null;
  readonly repository: string | null;
}
