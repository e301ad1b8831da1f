import { useEffect, useState } from 'react';
import type { ReviewTrustRuleInput } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import type { RuleDraft } from './rule-draft.ts';
import { movedWithRows, NOT_REVIEWED, type ShownReview, shownReview } from './rule-review.ts';
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
  const rows = draft.matches.map(({ key }) => key);
  const asked: Asked = JSON.parse(usePaused(JSON.stringify({ input, rows })));
  const query = useApiQuery(
    REVIEW_RULE,
    { projectId, id, input: asked.input ?? {} },
    { enabled: asked.input !== null, keepPrevious: true },
  );
  // The rows that the shown answer is about: the one before stays until the next is there.
  const [answered, setAnswered] = useState<readonly string[]>(rows);
  if (query.data !== undefined && !query.isPlaceholderData && answered.join() !== asked.rows.join()) {
    setAnswered(asked.rows);
  }
  if (input === null || query.data === undefined) return NOT_REVIEWED;
  const { rejections, warnings } = query.data.reviewTrustRule;
  return shownReview({ rejections: movedWithRows(rejections, answered, rows), warnings }, draft, { isTemplate });
}

interface Asked {
  readonly input: ReviewTrustRuleInput | null;
  /** The keys of its conditions. */
  readonly rows: readonly string[];
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
