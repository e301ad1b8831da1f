import { getRouteApi } from '@tanstack/react-router';
import { OfflineError } from '../../api/errors.ts';
import type { TrustRuleDetailsFragment } from '../../api/generated/graphql.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { LinkButton, TextLink } from '../../components/button.tsx';
import { Card, KeyValueList } from '../../components/card.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { Marked } from '../../components/marked.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { CONNECTION, NAVIGATION } from '../../texts/frame.ts';
import { RULE as TEXTS, TRUST } from '../../texts/trust.ts';
import { trustHref } from '../trust/links.ts';
import { PipelineSide } from '../trust/pipeline-side.tsx';
import { draftOf } from '../trust/rule-draft.ts';
import { RuleInWords } from '../trust/rule-in-words.tsx';
import { sidesOf } from '../trust/sides.ts';
import css from '../trust/trust.module.css';
import { RULES_REFRESH_MS, TRUST_RULES } from '../trust/trust-operations.ts';
import { DeleteRule } from './delete-rule.tsx';
import { EditRule } from './edit-rule.tsx';

const route = getRouteApi('/projects/$projectId/trust/$ruleId');

export function TrustRuleView() {
  const { projectId, ruleId } = route.useParams();
  const mayWrite = usePermissions(projectId).can('trust:write');
  const query = useApiQuery(TRUST_RULES, { projectId }, { refetchInterval: RULES_REFRESH_MS });
  const rule = query.data?.trustRules.find(({ id }) => id === ruleId);
  const back = <TextLink href={trustHref(projectId)}>{TRUST.back}</TextLink>;

  if (rule === undefined) {
    return (
      <Page title={NAVIGATION.trustRule} back={back}>
        {query.data === undefined ? (
          <Awaited what={TEXTS.what} query={query} />
        ) : (
          <Card>
            <EmptyState
              icon="shield"
              title={TEXTS.missing}
              action={<LinkButton href={trustHref(projectId)}>{TEXTS.toList}</LinkButton>}
            >
              {TEXTS.missingText}
            </EmptyState>
          </Card>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={rule.name}
      back={back}
      intro={<span className={css.issuer}>{rule.issuer}</span>}
      actions={mayWrite ? <DeleteRule key={rule.id} rule={rule} /> : undefined}
    >
      {query.error instanceof OfflineError && <Banner kind="warning" title={CONNECTION.noService} />}
      {!mayWrite && <Banner title={TRUST.readOnly} />}
      <Warnings warnings={rule.warnings} />
      {mayWrite ? <EditRule key={rule.id} rule={rule} aside={<Facts rule={rule} />} /> : <Shown rule={rule} />}
    </Page>
  );
}

function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <Banner kind="warning" title={TEXTS.warnings}>
      <ul className={css.bullets}>
        {warnings.map((warning) => (
          <li key={warning}>
            <Marked text={warning} />
          </li>
        ))}
      </ul>
    </Banner>
  );
}

function Shown({ rule }: { readonly rule: TrustRuleDetailsFragment }) {
  const { projectId } = rule;
  const draft = draftOf(rule);
  return (
    <div className={css.stack}>
      <RuleInWords projectId={projectId} draft={draft} />
      <Facts rule={rule} />
      <PipelineSide sides={sidesOf(draft, { purserUrl: location.origin, projectId })} />
    </div>
  );
}

function Facts({ rule }: { readonly rule: TrustRuleDetailsFragment }) {
  const moment = (at: string, by: string) => (
    <>
      <Time at={at} /> {TEXTS.by} {by}
    </>
  );
  return (
    <Card title={TEXTS.facts}>
      <KeyValueList
        entries={[
          { label: TEXTS.lastUsed, value: rule.lastUsedAt === null ? TRUST.never : <Time at={rule.lastUsedAt} /> },
          { label: TEXTS.created, value: moment(rule.createdAt, rule.createdBy) },
          { label: TEXTS.updated, value: moment(rule.updatedAt, rule.updatedBy) },
          { label: TEXTS.id, value: rule.id, mono: true, action: <CopyButton text={rule.id} what="the id" /> },
        ]}
      />
    </Card>
  );
}
