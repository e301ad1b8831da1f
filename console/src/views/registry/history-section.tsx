import { useNavigate, useSearch } from '@tanstack/react-router';
import type { RegistryHistoryQuery } from '../../api/generated/graphql.ts';
import { useRestart } from '../../api/long-lists.ts';
import { useApiPages } from '../../api/use-api-query.ts';
import { auditEntryHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { Button, TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import type { IconName } from '../../components/icon.tsx';
import { LoadMore } from '../../components/pager.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../components/states.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { AUDIT_OUTCOMES, type Tone } from '../../components/statuses.ts';
import { Time } from '../../components/time.tsx';
import { Timeline } from '../../components/timeline.tsx';
import { claimOf, usePermissions } from '../../session/permissions.ts';
import { ACTIONS, FIELDS, HISTORY as TEXTS } from '../../texts/registry-history.ts';
import { changeInWords } from './change-in-words.ts';
import css from './history.module.css';
import shared from './registry.module.css';
import { REGISTRY_HISTORY } from './registry-operations.ts';
import { RegistryThen } from './registry-then.tsx';
import type { ShownRegistry } from './shown-registry.ts';
import { TimeTravel } from './time-travel.tsx';

const PAGE = 20;

export function HistorySection({ registry }: { registry: ShownRegistry }) {
  const { projectId } = registry;
  const { can } = usePermissions(projectId);
  const { asOf } = useSearch({ from: '/projects/$projectId/registries/$registryId' });
  const navigate = useNavigate({ from: '/projects/$projectId/registries/$registryId' });
  const travel = (to: string | undefined) =>
    void navigate({ search: { tab: 'history', ...(to !== undefined && { asOf: to }) }, resetScroll: false });
  return (
    <div className={shared.stack}>
      <TimeTravel key={asOf ?? 'now'} asOf={asOf} onTravel={travel} />
      {asOf !== undefined && <RegistryThen registry={registry} asOf={asOf} onReturn={() => travel(undefined)} />}
      {can('audit:read') ? (
        <Entries registry={registry} asOf={asOf} onTravel={travel} />
      ) : (
        <Banner title={TEXTS.needsAudit(claimOf('audit:read'))} />
      )}
    </div>
  );
}

interface EntriesProps {
  readonly registry: ShownRegistry;
  readonly asOf: string | undefined;
  readonly onTravel: (to: string) => void;
}

function Entries({ registry, asOf, onTravel }: EntriesProps) {
  const { projectId, id } = registry;
  const pages = useApiPages(
    REGISTRY_HISTORY,
    { projectId, id, first: PAGE },
    ({ registry: answered }) => answered?.history?.pageInfo ?? { hasNextPage: false },
  );
  const restart = useRestart(projectId, pages.data?.length);
  const entries = pages.data?.flatMap((page) => page.registry?.history?.nodes ?? []) ?? [];
  const first = pages.data?.[0]?.registry?.history;
  if (entries.length === 0) {
    if (pages.error !== null) {
      return <ErrorState error={pages.error} onRetry={() => void pages.refetch()} isRetrying={pages.isFetching} />;
    }
    if (pages.isPending) return <LoadingState what={TEXTS.what} lines={8} />;
    return <EmptyState icon="history" title={TEXTS.none} />;
  }
  return (
    <Card title={TEXTS.title}>
      <Timeline
        label={TEXTS.title}
        entries={entries.map((entry) => ({
          id: String(entry.sequence),
          at: entry.occurredAt,
          title: <EntryTitle entry={entry} />,
          ...lookOf(entry),
          children: (
            <EntryText
              entry={entry}
              isNow={entry.occurredAt === asOf}
              onTravel={() => onTravel(entry.occurredAt)}
              href={auditEntryHref(projectId, entry, { registryId: id })}
            />
          ),
        }))}
      />
      <div className={css.more}>
        <LoadMore
          shown={entries.length}
          what={TEXTS.entries}
          one={TEXTS.one}
          total={first?.totalCount}
          totalIsExact={first?.totalCountIsExact ?? true}
          hasMore={pages.hasNextPage}
          isLoading={pages.isFetchingNextPage}
          onMore={() => void pages.fetchNextPage()}
          onRestart={restart}
        />
      </div>
    </Card>
  );
}

type HistoryEntry = NonNullable<NonNullable<NonNullable<RegistryHistoryQuery['registry']>['history']>['nodes'][number]>;

/** Of the service's own doings, as the audit log names its actor. */
const SERVICE = 'system:purser';

/** What makes the registry another than before; the rest is use. */
const CHANGES_IT = new Set([
  'CREATE_REGISTRY',
  'UPDATE_REGISTRY',
  'ROTATE_CREDENTIAL',
  'STAGE_CREDENTIAL',
  'ACTIVATE_CREDENTIAL',
  'ABANDON_STAGED_CREDENTIAL',
  'RETIRE_CREDENTIAL',
  'LEARN_EXPIRY',
]);

function lookOf({ action, outcome }: HistoryEntry): { tone: Tone; icon: IconName } {
  if (outcome !== 'SUCCEEDED') return AUDIT_OUTCOMES[outcome];
  return { tone: CHANGES_IT.has(action) ? 'info' : 'neutral', icon: ICONS[action] ?? 'history' };
}

const ICONS: Readonly<Record<string, IconName>> = {
  CREATE_REGISTRY: 'add',
  UPDATE_REGISTRY: 'edit',
  ROTATE_CREDENTIAL: 'refresh',
  STAGE_CREDENTIAL: 'pause',
  ACTIVATE_CREDENTIAL: 'refresh',
  ABANDON_STAGED_CREDENTIAL: 'trash',
  RETIRE_CREDENTIAL: 'check',
  TEST_REGISTRY: 'shield',
  TEST_STAGED_CREDENTIAL: 'shield',
  ISSUE_CREDENTIAL: 'key',
  RELEASE_LEASE: 'key',
  REVOKE_LEASE: 'key',
  REVOKE_LEASES: 'key',
  LINK_PIPELINE: 'link',
  UNLINK_PIPELINE: 'link',
  REPORT_AUTHENTICATION_FAILURE: 'danger',
};

interface EntryProps {
  readonly entry: HistoryEntry;
  readonly isNow: boolean;
  readonly href: string;
  readonly onTravel: () => void;
}

function EntryTitle({ entry: { action, outcome, code, count, pipeline } }: { entry: HistoryEntry }) {
  return (
    <span className={css.line}>
      <span>{ACTIONS[action] ?? action}</span>
      {pipeline !== null && <span className={css.pipeline}>{pipeline}</span>}
      {count > 1 && <span>{TEXTS.times(count)}</span>}
      {outcome !== 'SUCCEEDED' && (
        <StatusBadge status={AUDIT_OUTCOMES[outcome]} {...(code !== null && { detail: code })} plain />
      )}
    </span>
  );
}

function EntryText({ entry, isNow, href, onTravel }: EntryProps) {
  const { action, actor, outcome, changes } = entry;
  const isDone = outcome === 'SUCCEEDED';
  return (
    <div className={css.body}>
      <div className={css.line}>
        <span className={shared.break}>{TEXTS.by(actor === SERVICE ? TEXTS.service : actor)}</span>
        <TextLink href={href}>{TEXTS.entry}</TextLink>
        {isDone && CHANGES_IT.has(action) && (
          <Button small kind="quiet" icon="history" onPress={onTravel} isDisabled={isNow}>
            {TEXTS.asItStood}
          </Button>
        )}
      </div>
      <Changes changes={changes} />
    </div>
  );
}

/** More than these are shown when they are asked for. */
const FEW_CHANGES = 4;

type Change = HistoryEntry['changes'][number];

function Changes({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  if (changes.length <= FEW_CHANGES) return <ChangeList changes={changes} />;
  return (
    <details className={css.details}>
      <summary>{TEXTS.allChanges(changes.length)}</summary>
      <ChangeList changes={changes} />
    </details>
  );
}

function ChangeList({ changes }: { changes: readonly Change[] }) {
  return (
    <ul className={css.changes}>
      {changes.map(({ field, from, to }) => (
        <li key={field}>
          <span className={css.field}>{FIELDS[field] ?? field}</span>{' '}
          {from !== null && (
            <>
              <del className={shared.break}>
                <Value field={field} text={from} />
              </del>
              {' → '}
            </>
          )}
          <ins className={shared.break}>{to === null ? TEXTS.nothing : <Value field={field} text={to} />}</ins>
        </li>
      ))}
    </ul>
  );
}

/** Entries have dates as the API writes them. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function Value({ field, text }: { readonly field: string; readonly text: string }) {
  return INSTANT.test(text) ? <Time at={text} show="absolute" /> : changeInWords(field, text);
}
