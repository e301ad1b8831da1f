import { useState } from 'react';
import { type RegistryPlace, rotateHref } from '../../app/links.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { Card, KeyValueList } from '../../components/card.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { NOT_TESTED, PROBE_OUTCOMES } from '../../components/statuses.ts';
import { Time } from '../../components/time.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { CREDENTIAL as TEXTS } from '../../texts/registry.ts';
import { AbandonStaged } from '../rotate/abandon-staged.tsx';
import { Moment } from './moment.tsx';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';
import { useLeaseCounts } from './use-lease-counts.ts';

type Credential = ShownRegistry['credential'];

interface StagedProps {
  readonly registry: ShownRegistry;
  readonly staged: NonNullable<Credential['staged']>;
}

export function StagedCard({ registry, staged }: StagedProps) {
  const { projectId, id: registryId } = registry;
  const { can } = usePermissions(projectId);
  const [isAbandoning, setAbandoning] = useState(false);
  const { version, stagedAt, stagedBy, expiresAt, health } = staged;
  return (
    <Card title={TEXTS.staged.title}>
      <div className={css.stack}>
        <p className={css.soft}>{TEXTS.staged.intro}</p>
        <KeyValueList
          entries={[
            { label: TEXTS.version, value: version },
            { label: TEXTS.staged.since, value: <Moment at={stagedAt} note={TEXTS.by(stagedBy)} /> },
            { label: TEXTS.expires, value: expiresAt === null ? TEXTS.never : <Time at={expiresAt} /> },
            {
              label: TEXTS.staged.tested,
              value: <StatusBadge status={health ? PROBE_OUTCOMES[health.outcome] : NOT_TESTED} plain />,
            },
          ]}
        />
        {can('registry:write') && (
          <div className={css.line}>
            <LinkButton kind="primary" href={rotateHref({ projectId, registryId })}>
              {TEXTS.staged.go}
            </LinkButton>
            <Button onPress={() => setAbandoning(true)}>{TEXTS.staged.abandon}</Button>
          </div>
        )}
      </div>
      <AbandonStaged
        place={{ projectId, registryId }}
        version={version}
        isOpen={isAbandoning}
        onClose={() => setAbandoning(false)}
      />
    </Card>
  );
}

interface RetiringProps {
  readonly place: RegistryPlace;
  readonly retiring: NonNullable<Credential['retiring']>;
}

export function RetiringCard({ place, retiring }: RetiringProps) {
  const { can } = usePermissions(place.projectId);
  useLeaseCounts(place.projectId, place.registryId);
  return (
    <Card title={TEXTS.retiring.title}>
      <div className={css.stack}>
        <p className={css.soft}>{TEXTS.retiring.intro}</p>
        <KeyValueList
          entries={[
            { label: TEXTS.version, value: retiring.version },
            { label: TEXTS.retiring.leases, value: retiring.activeLeases },
            { label: TEXTS.retiring.until, value: <Time at={retiring.destroyedAt} /> },
          ]}
        />
        {can('registry:write') && (
          <div className={css.line}>
            <LinkButton href={rotateHref(place)}>{TEXTS.retiring.watch}</LinkButton>
          </div>
        )}
      </div>
    </Card>
  );
}
