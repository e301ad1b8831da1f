import { useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { TextLink } from '../../components/button.tsx';
import { formatTotal } from '../../components/format.ts';
import { Icon } from '../../components/icon.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { PROJECTS } from '../../texts/projects.ts';
import css from './projects.module.css';
import { PROJECT_ATTENTION } from './projects-operations.ts';

const MINUTE = 60_000;

/** Each group leads to the list of its registries. */
const GROUPS = [
  { name: 'broken', tone: 'danger', icon: 'danger', search: '?status=FAILING&status=EXPIRED&status=NEEDS_CREDENTIAL' },
  { name: 'expiring', tone: 'attention', icon: 'clock', search: '?status=EXPIRING' },
  { name: 'overdue', tone: 'attention', icon: 'warning', search: '?overdue=1' },
] as const;

export function ProjectCard({ projectId }: { readonly projectId: string }) {
  const mayRead = usePermissions(projectId).can('registry:read');
  const address = `/projects/${encodeURIComponent(projectId)}`;
  return (
    <li className={css.card}>
      <h2 className={css.name}>
        <TextLink href={address}>{projectId}</TextLink>
      </h2>
      {mayRead ? <Attention projectId={projectId} address={address} /> : <p className={css.soft}>{PROJECTS.mayNot}</p>}
    </li>
  );
}

function Attention({ projectId, address }: { readonly projectId: string; readonly address: string }) {
  const [now] = useState(() => new Date(Math.floor(Date.now() / MINUTE) * MINUTE).toISOString());
  const { data, error } = useApiQuery(PROJECT_ATTENTION, { projectId, now });
  if (data === undefined) {
    return error === null ? (
      <p className={css.grey} aria-busy aria-hidden />
    ) : (
      <p className={css.soft}>
        {PROJECTS.failed}: {error.message}
      </p>
    );
  }
  const pressing = GROUPS.filter(({ name }) => data[name].totalCount > 0);
  const { totalCount, totalCountIsExact } = data.all;
  return (
    <>
      <p className={css.soft}>
        {totalCount === 0 ? PROJECTS.empty : PROJECTS.registries(totalCount, totalCountIsExact)}
      </p>
      {totalCount > 0 && pressing.length === 0 && (
        <p className={css.calm}>
          <Icon name="ok" size="small" /> {PROJECTS.calm}
        </p>
      )}
      {pressing.length > 0 && (
        <ul className={css.groups}>
          {pressing.map(({ name, tone, icon, search }) => (
            <li key={name} className={css[tone]}>
              <Icon name={icon} size="small" />
              <TextLink href={`${address}/registries${search}`}>
                {formatTotal(data[name].totalCount, data[name].totalCountIsExact)} {PROJECTS.groups[name]}
              </TextLink>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
