import type { LeasePurpose } from '../credential.ts';
import type { Instant } from '../instant.ts';
import { unreachable } from '../unreachable.ts';
import type { ClaimMatch } from './claim-match.ts';

/** What a person says of a rule. */
export interface TrustRuleDetails {
  readonly name: string;
  /** Compared exactly with the token's `iss`. */
  readonly issuer: string;
  /** The token must meet all of them. */
  readonly matches: readonly ClaimMatch[];
  readonly permissions: readonly string[];
  readonly purposes: readonly LeasePurpose[];
  /** Empty: all registries of the project. */
  readonly registryIds: readonly string[];
  /** Whole path components that repositories begin with. Empty: all repositories. */
  readonly repositories: readonly string[];
  /** The claim that names the pipeline in leases and audit entries. */
  readonly pipelineClaim: string;
  readonly runIdClaim: string | null;
  /** Whether a registry's password is issued although it can do more than the rule grants. */
  readonly allowPassword: boolean;
}

export interface TrustRule extends TrustRuleDetails {
  readonly id: string;
  readonly projectId: string;
  /** Of the stream of the project's rules, when this rule last changed. */
  readonly revision: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly updatedAt: Instant;
  readonly updatedBy: string;
}

/** The rules of a project, oldest first. */
export interface TrustRules {
  readonly rules: readonly TrustRule[];
}

export const NO_RULES: TrustRules = { rules: [] };

export interface TrustRuleCreated {
  readonly type: 'TrustRuleCreated';
  readonly data: TrustRuleDetails & { readonly ruleId: string; readonly projectId: string };
}

export interface TrustRuleUpdated {
  readonly type: 'TrustRuleUpdated';
  readonly data: {
    readonly ruleId: string;
    /** As it was before. */
    readonly name: string;
    /** What changed, with its new and its old values. */
    readonly to: Partial<TrustRuleDetails>;
    readonly from: Partial<TrustRuleDetails>;
  };
}

export interface TrustRuleDeleted {
  readonly type: 'TrustRuleDeleted';
  readonly data: { readonly ruleId: string; readonly name: string };
}

/** Somebody asked what a token would be granted. Nothing else of the token is kept. */
export interface TrustChecked {
  readonly type: 'TrustChecked';
  readonly data: {
    /** Null if the token is not valid. */
    readonly issuer: string | null;
    readonly subject: string | null;
    readonly granted: boolean;
  };
}

export type TrustRuleEvent = TrustRuleCreated | TrustRuleUpdated | TrustRuleDeleted;

const TYPES: readonly string[] = [
  'TrustRuleCreated',
  'TrustRuleUpdated',
  'TrustRuleDeleted',
] satisfies TrustRuleEvent['type'][];

export function isTrustRuleEvent(event: { readonly type: string }): event is TrustRuleEvent {
  return TYPES.includes(event.type);
}

export interface TrustRuleContext {
  readonly at: Instant;
  readonly actor: string;
  readonly revision: number;
}

export function evolveTrustRules({ rules }: TrustRules, event: TrustRuleEvent, context: TrustRuleContext): TrustRules {
  const { at, actor, revision } = context;
  switch (event.type) {
    case 'TrustRuleCreated': {
      const { ruleId: id, ...rule } = event.data;
      const created = { id, ...rule, revision, createdAt: at, createdBy: actor, updatedAt: at, updatedBy: actor };
      return { rules: [...rules, created] };
    }
    case 'TrustRuleUpdated': {
      const { ruleId, to } = event.data;
      const changed = { revision, updatedAt: at, updatedBy: actor };
      return { rules: rules.map((rule) => (rule.id === ruleId ? { ...rule, ...to, ...changed } : rule)) };
    }
    case 'TrustRuleDeleted':
      return { rules: rules.filter(({ id }) => id !== event.data.ruleId) };
    default:
      return unreachable(event, 'trust rule event');
  }
}
