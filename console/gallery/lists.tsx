import { useState } from 'react';
import { Button, IconButton } from '../src/components/button.tsx';
import { Card, KeyValueList, Stat, Stats } from '../src/components/card.tsx';
import { Sparkline } from '../src/components/charts/sparkline.tsx';
import { CopyButton } from '../src/components/copy.tsx';
import { FilterBar, FilterChips, FilterMenu, FilterToggle } from '../src/components/filters.tsx';
import { LoadMore } from '../src/components/pager.tsx';
import { StatusBadge, Tag } from '../src/components/status-badge.tsx';
import { AUDIT_OUTCOMES, CREDENTIAL_STATUSES, NOT_TESTED, NOTICE_KINDS, VERDICTS } from '../src/components/statuses.ts';
import { Steps } from '../src/components/steps.tsx';
import { type Column, type Sort, Table } from '../src/components/table.tsx';
import { SearchField } from '../src/components/text-field.tsx';
import { Duration, Time } from '../src/components/time.tsx';
import { Timeline } from '../src/components/timeline.tsx';
import css from './gallery.module.css';

interface Row {
  readonly id: string;
  readonly url: string;
  readonly provider: string;
  readonly status: keyof typeof CREDENTIAL_STATUSES;
  readonly days: number;
}

const NOW = Date.now();
const inDays = (days: number) => new Date(NOW + days * 86_400_000).toISOString();
const ROWS: readonly Row[] = [
  { id: '1', url: 'ghcr.io/acme', provider: 'GitHub', status: 'ACTIVE', days: 64 },
  { id: '2', url: 'registry.gitlab.com/acme/platform', provider: 'GitLab', status: 'EXPIRING', days: 6 },
  { id: '3', url: 'docker.io', provider: 'Docker Hub', status: 'FAILING', days: 120 },
  {
    id: '4',
    url: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    provider: 'Amazon ECR',
    status: 'ACTIVE',
    days: 1,
  },
  { id: '5', url: 'quay.io/acme', provider: 'Quay', status: 'EXPIRED', days: -3 },
  { id: '6', url: 'harbor.example.com:8443', provider: 'Harbor', status: 'NEEDS_CREDENTIAL', days: 0.2 },
];
const COLUMNS: readonly Column<Row, 'URL' | 'EXPIRES_AT'>[] = [
  { id: 'url', label: 'Registry', isTitle: true, sortBy: 'URL', cell: ({ url }) => url },
  { id: 'status', label: 'Status', cell: ({ status }) => <StatusBadge status={CREDENTIAL_STATUSES[status]} /> },
  { id: 'provider', label: 'Provider', from: 'medium', cell: ({ provider }) => provider },
  { id: 'expires', label: 'Expires', sortBy: 'EXPIRES_AT', cell: ({ days }) => <Time at={inDays(days)} /> },
  {
    id: 'use',
    label: 'Use',
    from: 'wide',
    cell: () => <Sparkline label="4 to 18 a day" values={[4, 6, 5, 18, 9, 12]} />,
  },
  {
    id: 'actions',
    label: 'Actions',
    hideLabel: true,
    align: 'end',
    cell: ({ url }) => <IconButton icon="more" label={`Actions of ${url}`} />,
  },
];
const STATUS_OPTIONS = (['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING'] as const).map((id) => ({
  id,
  label: CREDENTIAL_STATUSES[id].word,
}));

export function Lists() {
  const [search, setSearch] = useState('');
  const [asked, setAsked] = useState<readonly string[]>([]);
  const [sort, setSort] = useState<Sort<'URL' | 'EXPIRES_AT'>>({ field: 'URL', direction: 'ASC' });
  const [statuses, setStatuses] = useState<readonly (keyof typeof CREDENTIAL_STATUSES)[]>(['EXPIRED', 'FAILING']);
  const [isUntested, setUntested] = useState(false);
  return (
    <>
      <Stats>
        <Stat label="Registries" value="128" detail="6 providers" />
        <Stat label="Failing" value="2" tone="danger" detail="since yesterday" />
        <Stat label="Expiring" value="7" tone="attention" detail="in the next 30 days" />
        <Stat label="Issued" value="4,210" detail="in the last 30 days" />
      </Stats>
      {asked.length > 0 && (
        <Button
          small
          onPress={() => {
            setSearch(asked[0] ?? '');
            setAsked(asked.slice(1));
          }}
        >
          {`Take over “${asked[0]}”`}
        </Button>
      )}
      <FilterBar>
        <SearchField label="Search registries" value={search} onChange={(text) => setAsked([...asked, text])} />
        <FilterMenu label="Status" options={STATUS_OPTIONS} chosen={statuses} onChange={setStatuses} />
        <FilterToggle isOn={isUntested} onChange={setUntested}>
          Never tested
        </FilterToggle>
      </FilterBar>
      <FilterChips
        chips={statuses.map((id) => ({ id, label: `Status: ${CREDENTIAL_STATUSES[id].word}` }))}
        onRemove={(id) => setStatuses(statuses.filter((status) => status !== id))}
        onClear={() => setStatuses([])}
      />
      <Card title="Registries" flush actions={<Button small>Export</Button>}>
        <Table
          label="Registries"
          columns={COLUMNS}
          rows={ROWS}
          rowKey={({ id }) => id}
          href={({ id }) => `#registry-${id}`}
          sort={sort}
          onSort={setSort}
        />
        <LoadMore
          shown={6}
          what="registries"
          one="registry"
          total={10_000}
          totalIsExact={false}
          hasMore
          onMore={() => undefined}
        />
      </Card>
      <div className={css.columns}>
        <Card title="Loading" flush>
          <Table label="Loading" columns={COLUMNS} rows={[]} rowKey={({ id }) => id} isLoading />
        </Card>
        <Card title="Credential">
          <KeyValueList
            entries={[
              {
                label: 'Id',
                value: '5f0c7b52-3c0e-5a54-9c37-0f7b1f6f7a11',
                mono: true,
                action: <CopyButton text="5f0c7b52" what="the id" />,
              },
              { label: 'Status', value: <StatusBadge status={CREDENTIAL_STATUSES.EXPIRING} detail="in 6 days" /> },
              { label: 'Health', value: <StatusBadge status={NOT_TESTED} plain /> },
              {
                label: 'Login, pull, push',
                value: (
                  <span className={css.row}>
                    {[VERDICTS.PROVED, VERDICTS.DENIED, VERDICTS.UNKNOWN].map((verdict) => (
                      <StatusBadge key={verdict.word} status={verdict} plain />
                    ))}
                  </span>
                ),
              },
              { label: 'Grace', value: <Duration seconds={5400} /> },
              { label: 'Form', value: <Tag>Password</Tag> },
              { label: 'Nothing', value: null },
            ]}
          />
        </Card>
        <Card title="History">
          <Timeline
            label="History"
            entries={[
              {
                id: '1',
                at: inDays(-0.1),
                title: 'Rotated to version 4',
                tone: 'info',
                icon: 'refresh',
                children: 'by ada, with a grace of 60 minutes',
              },
              {
                id: '2',
                at: inDays(-2),
                title: 'Login refused',
                tone: 'danger',
                icon: 'danger',
                children: 'Confirmed by a second try.',
              },
              { id: '3', at: inDays(-40), title: 'Created', icon: 'add' },
            ]}
          />
        </Card>
        <Card title="Rotation">
          <Steps
            label="Rotation"
            steps={[
              { id: '1', title: 'See what is hit', state: 'done', result: '3 pipelines, 1 active lease' },
              {
                id: '2',
                title: 'Stage the new credential',
                state: 'current',
                children: <Button kind="primary">Stage it</Button>,
              },
              { id: '3', title: 'Activate it', state: 'coming' },
            ]}
          />
        </Card>
        <Card title="Badges">
          <div className={css.row}>
            {[...Object.values(NOTICE_KINDS), ...Object.values(AUDIT_OUTCOMES)].map((status) => (
              <StatusBadge key={status.word} status={status} />
            ))}
          </div>
        </Card>
      </div>
    </>
  );
}
