import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { TrustRulePresetDetailsFragment } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { Button, TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Form } from '../../components/form.tsx';
import { Marked } from '../../components/marked.tsx';
import { RadioCards } from '../../components/radio-cards.tsx';
import { useToasts } from '../../components/toast.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { RULE_FORM, ADD_RULE as TEXTS, TRUST } from '../../texts/trust.ts';
import { trustHref } from '../trust/links.ts';
import { PipelineSide } from '../trust/pipeline-side.tsx';
import { inputOf, newDraft, READ, type RuleDraft, USE, wordsLeft } from '../trust/rule-draft.ts';
import { RuleFields } from '../trust/rule-fields.tsx';
import { RuleInWords } from '../trust/rule-in-words.tsx';
import { isOutdated } from '../trust/rule-review.ts';
import { sidesOf } from '../trust/sides.ts';
import css from '../trust/trust.module.css';
import { CREATE_TRUST_RULE, TRUST_RULE_PRESETS } from '../trust/trust-operations.ts';
import { useRuleReview } from '../trust/use-rule-review.ts';
import { claimPair } from './search.ts';

const route = getRouteApi('/projects/$projectId/trust/new');
const BLANK = 'none';
const FROM_TOKEN = 'token';

export function AddTrustRuleView() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useApiQuery(TRUST_RULE_PRESETS, {});
  const presets = query.data?.trustRulePresets;
  const hasToken = search.claim !== undefined;
  const chosen = search.preset ?? (hasToken ? FROM_TOKEN : null);
  const back = <TextLink href={trustHref(projectId)}>{TRUST.back}</TextLink>;

  if (presets === undefined) {
    return (
      <Page title={TEXTS.title} intro={TEXTS.intro} back={back}>
        <Awaited what={TEXTS.presets} query={query} />
      </Page>
    );
  }
  const cards = [
    ...(hasToken ? [{ id: FROM_TOKEN, label: TEXTS.fromToken, help: TEXTS.fromTokenHelp }] : []),
    ...presets.map(({ name, issuer }) => ({
      id: name,
      label: name,
      help: <span className={css.issuer}>{issuer}</span>,
    })),
    { id: BLANK, label: TEXTS.blank, help: TEXTS.blankHelp },
  ];
  return (
    <Page title={TEXTS.title} intro={TEXTS.intro} back={back}>
      <RadioCards
        label={TEXTS.start}
        help={TEXTS.startHelp}
        cards={cards}
        value={chosen}
        onChange={(preset) => void navigate({ search: { ...search, preset }, replace: true, resetScroll: false })}
      />
      {chosen !== null && <NewRule key={chosen} projectId={projectId} chosen={chosen} presets={presets} />}
    </Page>
  );
}

interface NewRuleProps {
  readonly projectId: string;
  readonly chosen: string;
  readonly presets: readonly TrustRulePresetDetailsFragment[];
}

function NewRule({ projectId, chosen, presets }: NewRuleProps) {
  const { issuer, claim } = route.useSearch();
  const { can } = usePermissions(projectId);
  const navigate = route.useNavigate();
  const toasts = useToasts();
  const isFromToken = chosen === FROM_TOKEN;
  // Of a token the issuer tells which preset knows its claims.
  const preset = presets.find((one) => (isFromToken ? one.issuer === issuer : one.name === chosen));
  const [draft, setDraft] = useState(() =>
    newDraft({
      preset,
      ...(isFromToken && { issuer, claims: claim?.map(claimPair).filter((pair) => pair !== undefined) }),
      grantable: [...(can('registry:use') ? [USE] : []), ...(can('registry:read') ? [READ] : [])],
    }),
  );
  const [isTried, setTried] = useState(false);
  const create = useCommand(CREATE_TRUST_RULE, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    onSuccess: () => toasts.done(TEXTS.saved),
    goOn: ({ createTrustRule: { rule } }) =>
      void navigate({ to: '/projects/$projectId/trust/$ruleId', params: { projectId, ruleId: rule.id } }),
  });
  const left = isFromToken ? [] : wordsLeft(draft, preset);
  const isTemplate = left.length > 0;
  const review = useRuleReview({ projectId, id: null, input: inputOf(draft), draft, isTemplate });

  function change(changed: Partial<RuleDraft>): void {
    if (isOutdated(create.error, draft, changed)) create.reset();
    setDraft((before) => ({ ...before, ...changed }));
  }

  function save(): void {
    setTried(true);
    if (left.length === 0) create.mutate({ projectId, input: inputOf(draft) });
  }

  return (
    <div className={css.editor}>
      <Card title={preset?.name}>
        <div className={css.stack}>
          {preset !== undefined && (
            <Banner>
              <Marked text={preset.advice} />{' '}
              <TextLink href={preset.documentation} external>
                {TEXTS.documentation}
              </TextLink>
            </Banner>
          )}
          <Form
            onSubmit={save}
            error={create.error}
            aria-label={TEXTS.title}
            actions={
              <Button type="submit" kind="primary" isPending={create.isPending}>
                {TEXTS.save}
              </Button>
            }
          >
            <RuleFields
              projectId={projectId}
              draft={draft}
              onChange={change}
              claims={preset?.claims ?? []}
              review={review}
            />
            {left.length > 0 && (
              <Banner kind={isTried ? 'danger' : 'warning'} title={RULE_FORM.wordsLeft(left.join(', '))} />
            )}
          </Form>
        </div>
      </Card>
      <div className={css.stack}>
        <RuleInWords projectId={projectId} draft={draft} />
        <PipelineSide sides={sidesOf(draft, { purserUrl: location.origin, projectId })} />
      </div>
    </div>
  );
}
