import type { RegistryOrderField, RegistryRowFragment } from '../../api/generated/graphql.ts';
import { formatCount } from '../../components/format.ts';
import { StatusBadge, Tag } from '../../components/status-badge.tsx';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import type { Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { PROVIDERS } from '../../texts/providers.ts';
import { REGISTRIES } from '../../texts/registries.ts';
import css from './registries.module.css';

const { columns: labels } = REGISTRIES;

export const COLUMNS: readonly Column<RegistryRowFragment, RegistryOrderField>[] = [
  { id: 'name', label: labels.name, isTitle: true, sortBy: 'NAME', cell: (row) => <NameCell row={row} /> },
  {
    id: 'provider',
    label: labels.provider,
    from: 'wide',
    cell: ({ provider }) => PROVIDERS[provider],
  },
  {
    id: 'status',
    label: labels.status,
    cell: ({ credential }) => <StatusBadge status={CREDENTIAL_STATUSES[credential.status]} />,
  },
  {
    id: 'expires',
    label: labels.expires,
    sortBy: 'EXPIRES_AT',
    isEmpty: ({ credential }) => credential.expiresAt === null,
    cell: ({ credential }) => <Moment at={credential.expiresAt} otherwise={REGISTRIES.noDate} />,
  },
  {
    id: 'rotation',
    label: labels.rotation,
    from: 'wide',
    isEmpty: ({ credential }) => credential.rotationDueAt === null,
    cell: ({ credential }) => <Moment at={credential.rotationDueAt} otherwise={REGISTRIES.noRhythm} />,
  },
  {
    id: 'lastUsed',
    label: labels.lastUsed,
    sortBy: 'LAST_USED_AT',
    cell: ({ usage }) => <Moment at={usage.lastUsedAt} otherwise={REGISTRIES.never} />,
  },
  {
    id: 'leases',
    label: labels.leases,
    from: 'wide',
    align: 'end',
    isEmpty: ({ usage }) => usage.activeLeases === 0,
    cell: ({ usage }) => formatCount(usage.activeLeases),
  },
];

function NameCell({ row }: { readonly row: RegistryRowFragment }) {
  const { name, url, access, mint, credential } = row;
  return (
    <span className={css.name}>
      <span className={css.names}>
        {name}
        {access === 'PULL' && <Tag>{REGISTRIES.pullOnly}</Tag>}
        {mint !== null && <Tag>{REGISTRIES.minted}</Tag>}
        {credential.staged !== null && <Tag>{REGISTRIES.staged(credential.staged.version)}</Tag>}
      </span>
      {name !== url && <span className={css.url}>{url}</span>}
    </span>
  );
}

interface MomentProps {
  readonly at: string | null;
  /** What is said where there is no date. */
  readonly otherwise: string;
}

function Moment({ at, otherwise }: MomentProps) {
  if (at === null) return <span className={css.none}>{otherwise}</span>;
  return (
    <span className={css.moment}>
      <Time at={at} show="relative" />
      <span className={css.day}>
        <Time at={at} show="day" />
      </span>
    </span>
  );
}
