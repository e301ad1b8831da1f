import { type ReactNode, useState } from 'react';
import { hasCode } from '../../api/errors.ts';
import type { TrustRuleDetailsFragment } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Form } from '../../components/form.tsx';
import { useToasts } from '../../components/toast.tsx';
import { FIELD_NAMES, RULE as TEXTS } from '../../texts/trust.ts';
import { PipelineSide } from '../trust/pipeline-side.tsx';
import { changedFields, draftOf, mergeDraft, type RuleDraft, updateInput } from '../trust/rule-draft.ts';
import { RuleFields } from '../trust/rule-fields.tsx';
import { RuleInWords } from '../trust/rule-in-words.tsx';
import { isOutdated } from '../trust/rule-review.ts';
import { sidesOf } from '../trust/sides.ts';
import css from '../trust/trust.module.css';
import { TRUST_RULE_PRESETS, UPDATE_TRUST_RULE } from '../trust/trust-operations.ts';
import { useRuleReview } from '../trust/use-rule-review.ts';

const LIST = new Intl.ListFormat('en');

interface EditRuleProps {
  readonly rule: TrustRuleDetailsFragment;
  /** Between the rule in words and the pipeline's side. */
  readonly aside: ReactNode;
}

export function EditRule({ rule, aside }: EditRuleProps) {
  const { projectId, id } = rule;
  // What the reader began with: the page is read again meanwhile, and must not change under their hands.
  const [base, setBase] = useState(() => ({ draft: draftOf(rule), revision: rule.revision }));
  const [draft, setDraft] = useState(base.draft);
  const toasts = useToasts();
  const claims = useClaims(draft);
  const changed = changedFields(base.draft, draft);
  const input = changed.length === 0 ? null : updateInput(base.draft, draft);
  const review = useRuleReview({ projectId, id, input, draft, isTemplate: false });
  const update = useCommand(UPDATE_TRUST_RULE, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    onSuccess: ({ updateTrustRule: { rule: saved } }) => {
      begin(draftOf(saved), saved.revision);
      toasts.done(TEXTS.saved);
    },
  });

  function begin(from: RuleDraft, revision: number): void {
    setBase({ draft: from, revision });
    setDraft(from);
    update.reset();
  }

  const isOvertaken = rule.revision > base.revision && !update.isPending;
  const theirs = draftOf(rule);
  // Nothing was typed yet: there is nothing to lose by showing what is there now.
  if (isOvertaken && changed.length === 0) {
    setBase({ draft: theirs, revision: rule.revision });
    setDraft(theirs);
  }
  const isConflict = hasCode(update.error, 'REVISION_CONFLICT');

  function change(to: Partial<RuleDraft>): void {
    if (isOutdated(update.error, draft, to)) update.reset();
    setDraft((before) => ({ ...before, ...to }));
  }

  function takeOver(): void {
    setDraft(mergeDraft(base.draft, theirs, draft));
    setBase({ draft: theirs, revision: rule.revision });
    update.reset();
  }

  return (
    <div className={css.editor}>
      <Card title={TEXTS.edit}>
        <Form
          onSubmit={() => {
            if (input !== null) update.mutate({ projectId, id, input: { ...input, expectedRevision: base.revision } });
          }}
          error={isConflict ? null : update.error}
          aria-label={TEXTS.edit}
          actions={
            <>
              <Button type="submit" kind="primary" isPending={update.isPending} isDisabled={changed.length === 0}>
                {TEXTS.save}
              </Button>
              {changed.length > 0 && <Button onPress={() => begin(theirs, rule.revision)}>{TEXTS.reset}</Button>}
            </>
          }
        >
          <RuleFields projectId={projectId} draft={draft} onChange={change} claims={claims} review={review} />
          {isOvertaken && changed.length > 0 && (
            <Banner
              kind="warning"
              title={TEXTS.conflict.title}
              action={
                <span className={css.line}>
                  <Button small onPress={takeOver}>
                    {TEXTS.conflict.take}
                  </Button>
                  <Button small kind="quiet" onPress={() => begin(theirs, rule.revision)}>
                    {TEXTS.conflict.discard}
                  </Button>
                </span>
              }
            >
              {TEXTS.conflict.text(LIST.format(changedFields(base.draft, theirs).map((field) => FIELD_NAMES[field])))}
            </Banner>
          )}
        </Form>
      </Card>
      <div className={css.stack}>
        <RuleInWords projectId={projectId} draft={draft} />
        {aside}
        <PipelineSide sides={sidesOf(draft, { purserUrl: location.origin, projectId })} />
      </div>
    </div>
  );
}

/** Claims of the issuer's preset, if there is one. */
function useClaims({ issuer }: RuleDraft): readonly string[] {
  const { data } = useApiQuery(TRUST_RULE_PRESETS, {});
  return data?.trustRulePresets.find((preset) => preset.issuer === issuer)?.claims ?? [];
}
