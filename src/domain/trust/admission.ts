import type { WorkloadIdentity } from '../audit-entry.ts';
import type { CredentialForm, LeasePurpose } from '../credential.ts';
import { isReadableName } from '../readable-name.ts';
import type { RegistryAccess } from '../registry-details.ts';
import { matched } from './claim-match.ts';
import { claimValue, type TokenClaims } from './claims.ts';
import type { TrustRule, TrustRules } from './trust-rule.ts';

/** A verified token of an issuer whose tokens rules grant permissions to. */
export interface WorkloadToken {
  readonly issuer: string;
  readonly claims: TokenClaims;
}

/** A token met a rule: what it may do is what the rule says, and who it is what the token says. */
export interface Admission {
  readonly rule: TrustRule;
  readonly identity: WorkloadIdentity;
  readonly pipeline: string;
  /** Null if the rule names no claim for it. */
  readonly runId: string | null;
}

/** What became of a token at one rule. */
export interface Judgement {
  readonly rule: TrustRule;
  /** A sentence. */
  readonly reason: string;
  /** Null if the rule is not met. */
  readonly admission: Admission | null;
}

export function judge(rule: TrustRule, { issuer, claims }: WorkloadToken): Judgement {
  const unmet = (reason: string): Judgement => ({ rule, reason, admission: null });
  if (issuer !== rule.issuer) return unmet(`The issuer of the token is not \`${rule.issuer}\`.`);
  const shown = new Map<string, string>();
  for (const match of rule.matches) {
    const result = matched(match, claims);
    if (!result.met) return unmet(result.reason);
    shown.set(match.claim, result.value);
  }
  // `every` of nothing is true: a rule without a match must not be met by all tokens.
  if (shown.size === 0) return unmet('The rule compares no claim.');
  const names: string[] = [];
  for (const claim of [rule.pipelineClaim, ...(rule.runIdClaim === null ? [] : [rule.runIdClaim])]) {
    const value = claimValue(claims, claim);
    if ('fault' in value) return unmet(`\`${claim}\`, which names the pipeline or its run, ${value.fault}.`);
    if (!isReadableName(value.text)) return unmet(`\`${claim}\` is too long to name a pipeline or its run.`);
    shown.set(claim, value.text);
    names.push(value.text);
  }
  const [pipeline = '', runId = null] = names;
  const identity: WorkloadIdentity = {
    ruleId: rule.id,
    ruleName: rule.name,
    claims: [...shown].map(([name, value]) => ({ name, value })).sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
  return {
    rule,
    reason: 'The token meets all that the rule asks for.',
    admission: { rule, identity, pipeline, runId },
  };
}

/** The rules that the token meets, oldest first. */
export function admissionsOf({ rules }: TrustRules, token: WorkloadToken): readonly Admission[] {
  return rules.flatMap((rule) => judge(rule, token).admission ?? []);
}

export function grants({ rule }: Admission, permission: string): boolean {
  return rule.permissions.includes(permission);
}

/** What a credential is asked for. */
export interface AskedUse {
  readonly purpose: LeasePurpose;
  readonly registryId: string;
  /** Undefined if only a registry was named. */
  readonly repository: string | undefined;
  /** Of the registry; null if it does not exist. */
  readonly access: RegistryAccess | null;
  readonly form: CredentialForm;
}

const TOKEN_INSTEAD = 'ask `issueCredential` for an image, with its repository, to get a registry token';

/**
 * Why the rule does not let the credential be issued; null if it does. A password is good for all that the registry lets
 * it do, so it is issued only where that is no more than the rule grants, or the rule allows it all the same. A registry
 * token is good for what was asked for.
 */
export function useFault({ rule }: Pick<Admission, 'rule'>, asked: AskedUse): string | null {
  const { purpose, registryId, repository, access, form } = asked;
  if (!rule.purposes.includes(purpose)) return `it is not for the purpose ${purpose}`;
  if (rule.registryIds.length > 0 && !rule.registryIds.includes(registryId)) return 'it is not for this registry';
  if (rule.repositories.length > 0) {
    if (repository === undefined) return 'it is for some repositories only: ask for an image, not for a registry';
    if (!rule.repositories.some((prefix) => isWithin(repository, prefix))) return 'it is not for this repository';
  }
  if (form === 'REGISTRY_TOKEN' || rule.allowPassword || access === null) return null;
  if (rule.repositories.length > 0) {
    return `it is for some repositories only, and the password is good for others too: ${TOKEN_INSTEAD}, or set \`allowPassword\` to issue the password all the same`;
  }
  if (!rule.purposes.includes('PUSH') && access !== 'PULL') {
    return `it is for pulling only, and the password can push too: register one that can only pull, with \`access: PULL\`, ${TOKEN_INSTEAD}, or set \`allowPassword\``;
  }
  return null;
}

/** Whole path components: `team` is within `team`, and so is `team/app`, but not `team2`. */
export function isWithin(repository: string, prefix: string): boolean {
  return repository === prefix || repository.startsWith(`${prefix}/`);
}
