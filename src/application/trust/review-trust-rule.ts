import { reviewChangedRule, reviewNewRule } from '../../domain/trust/decide-rules.ts';
import { type EnteredRule, RULE_DEFAULTS } from '../../domain/trust/entered-rule.ts';
import type { RuleRejection } from '../../domain/trust/rejections.ts';
import type { RuleReview } from '../../domain/trust/review-rule.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { RequestContext } from '../request-context.ts';
import { missingRegistry } from './rule-registries.ts';
import { ruleAuthor, ruleIdOf } from './trust-command-handler.ts';

export interface ReviewTrustRuleDeps {
  readonly aggregates: Pick<AggregateStore, 'loadTrustRules' | 'loadRegistry'>;
  readonly ruleIssuers: ReadonlySet<string>;
}

/**
 * What creating a rule, or with an id changing it, would come to. Nothing is written. What is left out stays, or of a new
 * rule has its default. @throws PurserError NOT_FOUND if there is no such rule
 */
export function reviewTrustRuleUseCase({ aggregates, ruleIssuers }: ReviewTrustRuleDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    id: string | null | undefined,
    changes: Partial<EnteredRule>,
  ): Promise<RuleReview> => {
    const ruleId = id == null ? null : ruleIdOf(id);
    const { state } = await aggregates.loadTrustRules(projectId);
    const author = ruleAuthor(context, projectId, ruleIssuers);
    const review =
      ruleId === null
        ? reviewNewRule(state, { ...RULE_DEFAULTS, ...changes }, author)
        : reviewChangedRule(state, { ruleId, changes }, author);
    const rejections: RuleRejection[] = [];
    const missing = await missingRegistry(aggregates, projectId, changes.registryIds ?? []);
    if (missing !== null) rejections.push({ field: 'registryIds', error: missing });
    return { ...review, rejections: [...rejections, ...review.rejections] };
  };
}
