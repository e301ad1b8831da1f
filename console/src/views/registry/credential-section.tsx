import { registryHref, rotateHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Card, type KeyValue, KeyValueList } from '../../components/card.tsx';
import { Marked } from '../../components/marked.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import { usePermissions } from '../../session/permissions.ts';
import { REGISTRY, CREDENTIAL as TEXTS } from '../../texts/registry.ts';
import { MintCard } from './mint-card.tsx';
import { Moment } from './moment.tsx';
import { RetiringCard, StagedCard } from './other-versions.tsx';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';

export function CredentialSection({ registry }: { registry: ShownRegistry }) {
  const { projectId, id: registryId, credential } = registry;
  const { can } = usePermissions(projectId);
  const place = { projectId, registryId };
  const trouble = TEXTS.statuses[credential.status];
  const action =
    credential.status === 'FAILING' ? (
      <LinkButton small href={registryHref(place, { tab: 'health' })}>
        {REGISTRY.tabs.health}
      </LinkButton>
    ) : (
      can('registry:write') && (
        <LinkButton small href={rotateHref(place)}>
          {credential.staged || credential.retiring ? REGISTRY.goOn : REGISTRY.rotate}
        </LinkButton>
      )
    );
  return (
    <div className={css.stack}>
      {trouble !== undefined && (
        <Banner
          kind={credential.status === 'EXPIRING' ? 'warning' : 'danger'}
          title={trouble}
          {...(action !== false && { action })}
        />
      )}
      {credential.warnings.length > 0 && (
        <Banner kind="warning" title={TEXTS.warnings}>
          <ul className={css.bullets}>
            {credential.warnings.map((warning) => (
              <li key={warning}>
                <Marked text={warning} />
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <div className={css.columns}>
        <Card title={TEXTS.title}>
          <KeyValueList entries={currentVersion(registry)} />
        </Card>
        {credential.staged && <StagedCard registry={registry} staged={credential.staged} />}
        {credential.retiring && <RetiringCard place={place} retiring={credential.retiring} />}
        {registry.mint && <MintCard mint={registry.mint} />}
      </div>
    </div>
  );
}

function currentVersion({ username, mint, usage, credential }: ShownRegistry): KeyValue[] {
  const { version, kind, status, expiresAt, rotatedAt, rotatedBy } = credential;
  return [
    { label: TEXTS.version, value: version },
    { label: TEXTS.status, value: <StatusBadge status={CREDENTIAL_STATUSES[status]} plain /> },
    { label: TEXTS.kind, value: TEXTS.kinds[kind] },
    { label: TEXTS.username, value: mint?.federated ? null : username, mono: true },
    { label: TEXTS.since, value: <Moment at={rotatedAt} note={TEXTS.by(rotatedBy)} /> },
    { label: TEXTS.expires, value: expiresAt === null ? <Unknown /> : <Expiry {...credential} at={expiresAt} /> },
    { label: TEXTS.rotationDue, value: <RotationDue {...credential} /> },
    {
      label: TEXTS.lastUsed,
      value:
        usage.lastUsedAt === null ? (
          TEXTS.unused
        ) : (
          <Moment at={usage.lastUsedAt} note={usage.lastUsedBy && TEXTS.by(usage.lastUsedBy)} />
        ),
    },
  ];
}

function Unknown() {
  return (
    <>
      {TEXTS.never}
      <div className={`${css.soft} ${css.small}`}>{TEXTS.neverHelp}</div>
    </>
  );
}

type Credential = ShownRegistry['credential'];

function Expiry({ at, expirySource }: Pick<Credential, 'expirySource'> & { at: string }) {
  return <Moment at={at} note={expirySource && TEXTS.sources[expirySource]} />;
}

function RotationDue({ rotateEveryDays, rotationDueAt }: Credential) {
  if (rotateEveryDays === null || rotationDueAt === null) return TEXTS.noInterval;
  const isOverdue = Date.parse(rotationDueAt) < Date.now();
  return (
    <>
      {isOverdue && <StatusBadge status={{ word: TEXTS.overdue, tone: 'attention', icon: 'warning' }} />}{' '}
      <Moment at={rotationDueAt} note={TEXTS.interval(rotateEveryDays)} />
    </>
  );
}
