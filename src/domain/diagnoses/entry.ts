import type { ProbeDetail, ProbeOutcome } from '../probe-outcome.ts';
import type { RegistryProvider } from '../providers/table.ts';

/** What one finding means, and what to do about it. */
export interface Diagnosis {
  readonly outcome: ProbeOutcome;
  /** Left out: any, and none. */
  readonly detail?: ProbeDetail;
  /** Left out: any. */
  readonly providers?: readonly RegistryProvider[];
  /** Matches the canonical `host[:port]`. Left out: any. */
  readonly host?: RegExp;
  /** What is wrong, as a sentence. */
  readonly cause: string;
  /** What to do, as a sentence or two. */
  readonly fix: string;
}

/** Private and public. */
export const AMAZON = ['AMAZON_ECR', 'AMAZON_ECR_PUBLIC'] as const;
