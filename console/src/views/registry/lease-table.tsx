import { useState } from 'react';
import type { LeaseDetailsFragment } from '../../api/generated/graphql.ts';
import { KeyValueList } from '../../components/card.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { StatusBadge, Tag } from '../../components/status-badge.tsx';
import type { Status } from '../../components/statuses.ts';
import { type Column, Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { LEASES as TEXTS } from '../../texts/registry.ts';
import { type LeaseState, leaseState } from './lease-state.ts';
import css from './registry.module.css';

const STATES: Readonly<Record<LeaseState, Status>> = {
  active: { word: TEXTS.ended.active, tone: 'ok', icon: 'play' },
  released: { word: TEXTS.ended.released, tone: 'neutral', icon: 'check' },
  revoked: { word: TEXTS.ended.revoked, tone: 'attention', icon: 'cross' },
  over: { word: TEXTS.ended.over, tone: 'neutral', icon: 'clock' },
};

const COLUMNS: readonly Column<LeaseDetailsFragment>[] = [
  {
    id: 'pipeline',
    label: TEXTS.column.pipeline,
    isTitle: true,
    cell: ({ pipeline, runId }) => (
      <>
        {pipeline}
        {runId !== null && <span className={css.run}> {TEXTS.runOf(runId)}</span>}
      </>
    ),
  },
  { id: 'purpose', label: TEXTS.column.purpose, cell: ({ purpose }) => TEXTS.purposes[purpose] },
  { id: 'version', label: TEXTS.column.version, align: 'end', cell: ({ credentialVersion }) => credentialVersion },
  {
    id: 'issued',
    label: TEXTS.column.issued,
    from: 'medium',
    cell: ({ issuedAt }) => <Time at={issuedAt} show="relative" />,
  },
  { id: 'ends', label: TEXTS.column.ends, cell: (lease) => <LeaseEnd lease={lease} /> },
  {
    id: 'who',
    label: TEXTS.column.who,
    from: 'wide',
    cell: ({ issuedTo }) => <span className={css.break}>{issuedTo}</span>,
  },
];

const BRIEF_COLUMNS = COLUMNS.filter(({ id }) => ['pipeline', 'version', 'ends'].includes(id));

function LeaseEnd({ lease }: { lease: LeaseDetailsFragment }) {
  const state = leaseState(lease, Date.now());
  if (state === 'active') {
    return (
      <span className={css.whole}>
        <Time at={lease.expiresAt} show="relative" />
      </span>
    );
  }
  return (
    <span className={css.line}>
      <StatusBadge status={STATES[state]} plain />
      <Time at={lease.releasedAt ?? lease.expiresAt} show="relative" />
    </span>
  );
}

interface LeaseTableProps {
  readonly label: string;
  readonly leases: readonly LeaseDetailsFragment[];
  readonly isLoading?: boolean;
  /** On the way to something else: only what tells who is hit, and until when. The row opens the rest. */
  readonly isBrief?: boolean;
  readonly empty: React.ReactNode;
}

/** Leases of one registry; a row opens all that is known of it. */
export function LeaseTable({ label, leases, isLoading = false, isBrief = false, empty }: LeaseTableProps) {
  const [opened, setOpened] = useState<LeaseDetailsFragment>();
  return (
    <>
      <Table
        label={label}
        columns={isBrief ? BRIEF_COLUMNS : COLUMNS}
        rows={leases}
        rowKey={({ id }) => id}
        onOpen={setOpened}
        isLoading={isLoading}
        empty={empty}
      />
      <Drawer title={TEXTS.detail} isOpen={opened !== undefined} onClose={() => setOpened(undefined)}>
        {opened && <LeaseFacts lease={opened} />}
      </Drawer>
    </>
  );
}

function LeaseFacts({ lease }: { lease: LeaseDetailsFragment }) {
  const { identity } = lease;
  return (
    <div className={css.stack}>
      <div className={css.line}>
        <StatusBadge status={STATES[leaseState(lease, Date.now())]} />
        <Tag>{TEXTS.purposes[lease.purpose]}</Tag>
      </div>
      <KeyValueList
        entries={[
          { label: TEXTS.pipeline, value: lease.pipeline },
          { label: TEXTS.run, value: lease.runId },
          { label: TEXTS.image, value: lease.image, mono: true },
          { label: TEXTS.column.version, value: lease.credentialVersion },
          { label: TEXTS.column.issued, value: <Time at={lease.issuedAt} /> },
          { label: TEXTS.column.ends, value: <Time at={lease.expiresAt} /> },
          { label: TEXTS.ended.released, value: lease.releasedAt && <Time at={lease.releasedAt} /> },
          { label: TEXTS.ended.revoked, value: lease.revokedBy && TEXTS.revokedBy(lease.revokedBy) },
          { label: TEXTS.issuedTo, value: lease.issuedTo },
          { label: TEXTS.id, value: lease.id, mono: true },
        ]}
      />
      {identity !== null && (
        <>
          <p>{TEXTS.rule(identity.ruleName)}</p>
          <h3>{TEXTS.claims}</h3>
          <KeyValueList entries={identity.claims.map(({ name, value }) => ({ label: name, value, mono: true }))} />
        </>
      )}
    </div>
  );
}
