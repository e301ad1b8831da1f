import { useEffect, useState } from 'react';
import type { ReviewTrustRuleInput } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import type { RuleDraft } from './rule-draft.ts';
import { NOT_REVIEWED, type ShownReview, shownReview } from './rule-review.ts';
import { REVIEW_RULE } from './trust-operations.ts';

/** How long typing must pause before the service is asked. */
const PAUSE_MS = 400;

interface ReviewedRule {
  readonly projectId: string;
  /** Null: a new rule. */
  readonly id: string | null;
  /** What saving would send; null while there is nothing to save. */
  readonly input: ReviewTrustRuleInput | null;
  readonly draft: RuleDraft;
  /** Whether words of a preset are left to be replaced. */
  readonly isTemplate: boolean;
}

/** What saving would be refused with, and who else would meet the rule, asked of the service when typing pauses. Nothing if it cannot be asked. */
export function useRuleReview({ projectId, id, input, draft, isTemplate }: ReviewedRule): ShownReview {
  const asked = usePaused(JSON.stringify(input));
  const query = useApiQuery(
    REVIEW_RULE,
    { projectId, id, input: inputOf(asked) },
    { enabled: asked !== 'null', keepPrevious: true },
  );
  if (input === null || query.data === undefined) return NOT_REVIEWED;
  return shownReview(query.data.reviewTrustRule, draft, { isTemplate });
}

function inputOf(asked: string): ReviewTrustRuleInput {
  const parsed: ReviewTrustRuleInput | null = JSON.parse(asked);
  return parsed ?? {};
}

/** The text as it was when it last stood still. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
