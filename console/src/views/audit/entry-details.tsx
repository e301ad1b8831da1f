import type { ReactNode } from 'react';
import { IconButton, TextLink } from '../../components/button.tsx';
import { type KeyValue, KeyValueList } from '../../components/card.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { formatCount } from '../../components/format.ts';
import { StatusBadge } from '../../components/status-badge.tsx';
import { AUDIT_OUTCOMES } from '../../components/statuses.ts';
import { Duration, Time } from '../../components/time.tsx';
import { ENTRY } from '../../texts/audit.ts';
import { Changes } from './changes.tsx';
import styles from './entry-details.module.css';
import type { WholeEntry } from './entry-panel.tsx';
import type { AuditSearch } from './search.ts';

interface EntryDetailsProps {
  readonly projectId: string;
  readonly entry: WholeEntry;
  /** Lists what else has one of the values. */
  readonly onFilter: (search: AuditSearch) => void;
}

type Text = string | null | undefined;

export function EntryDetails({ projectId, entry, onFilter }: EntryDetailsProps) {
  const { identity } = entry;
  const project = `/projects/${encodeURIComponent(projectId)}`;

  /** A value by which the list can be filtered. */
  function filtered(name: keyof AuditSearch, label: string, value: Text, link?: ReactNode): KeyValue {
    const isId = name.endsWith('Id');
    const action = value && (
      <span className={styles.buttons}>
        {isId && <CopyButton text={value} what={label.toLowerCase()} />}
        <IconButton
          icon="filter"
          label={ENTRY.filterBy(label.toLowerCase())}
          onPress={() => onFilter({ [name]: value })}
        />
      </span>
    );
    return { label, value: link ?? value, mono: isId, action };
  }
  const plain = (label: string, value: ReactNode, mono = false): KeyValue => ({ label, value, mono });
  const copied = (label: string, value: Text): KeyValue => ({
    label,
    value,
    mono: true,
    action: value && <CopyButton text={value} what={label.toLowerCase()} />,
  });

  return (
    <div className={styles.details}>
      <Part title={ENTRY.what}>
        <KeyValueList
          entries={[
            filtered('action', ENTRY.action, entry.action),
            plain(ENTRY.outcome, <StatusBadge status={AUDIT_OUTCOMES[entry.outcome]} />),
            filtered('code', ENTRY.code, entry.code),
            plain(ENTRY.field, entry.field, true),
            plain(ENTRY.time, <Time at={entry.occurredAt} />),
            plain(ENTRY.count, entry.count > 1 ? formatCount(entry.count) : null),
            plain(ENTRY.until, entry.until && <Time at={entry.until} />),
            plain(ENTRY.duration, isNumber(entry.durationMs) ? <Duration seconds={entry.durationMs / 1000} /> : null),
          ]}
        />
      </Part>
      {entry.changes.length > 0 && (
        <Part title={ENTRY.changes}>
          <Changes changes={entry.changes} />
        </Part>
      )}
      <Part title={ENTRY.about}>
        <KeyValueList
          entries={[
            plain(ENTRY.registry, entry.url),
            filtered(
              'registryId',
              ENTRY.registryId,
              entry.registryId,
              entry.registryId && (
                <TextLink href={`${project}/registries/${encodeURIComponent(entry.registryId)}`}>
                  {entry.registryId}
                </TextLink>
              ),
            ),
            plain(ENTRY.image, entry.image, true),
            filtered('pipeline', ENTRY.pipeline, entry.pipeline),
            filtered('runId', ENTRY.runId, entry.runId),
            filtered('leaseId', ENTRY.lease, entry.leaseId),
          ]}
        />
      </Part>
      <Part title={ENTRY.who}>
        <KeyValueList
          entries={[
            filtered('actor', ENTRY.actor, entry.actor),
            plain(ENTRY.issuer, entry.issuer),
            copied(ENTRY.tokenId, entry.tokenId),
            plain(ENTRY.ipAddress, entry.ipAddress, true),
            plain(ENTRY.userAgent, entry.userAgent),
            filtered('requestId', ENTRY.requestId, entry.requestId),
          ]}
        />
      </Part>
      {identity && (
        <Part title={ENTRY.identity}>
          <KeyValueList
            entries={[
              plain(
                ENTRY.rule,
                <TextLink href={`${project}/trust/${encodeURIComponent(identity.ruleId)}`}>
                  {identity.ruleName}
                </TextLink>,
              ),
              ...identity.claims.map(({ name, value }) => plain(name, value, true)),
            ]}
          />
        </Part>
      )}
      <Part title={ENTRY.proof} note={ENTRY.explainHash}>
        <KeyValueList
          entries={[
            plain(ENTRY.sequence, formatCount(entry.sequence)),
            copied(ENTRY.hash, entry.hash),
            copied(ENTRY.eventId, entry.eventId),
            plain(ENTRY.format, String(entry.format)),
          ]}
        />
      </Part>
    </div>
  );
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}

interface PartProps {
  readonly title: string;
  readonly note?: string;
  readonly children: ReactNode;
}

function Part({ title, note, children }: PartProps) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {children}
      {note !== undefined && <p className={styles.note}>{note}</p>}
    </section>
  );
}
