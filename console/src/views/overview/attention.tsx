import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { projectHref, registryHref } from '../../app/links.ts';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { classNames } from '../../components/class-names.ts';
import { formatTotal } from '../../components/format.ts';
import { Icon } from '../../components/icon.tsx';
import { Time } from '../../components/time.tsx';
import { OVERVIEW } from '../../texts/overview.ts';
import { type AttentionGroup, pressing } from './attention-groups.ts';
import css from './overview.module.css';
import { OVERVIEW_ATTENTION } from './overview-operations.ts';

const { attention: texts } = OVERVIEW;

interface AttentionProps {
  readonly projectId: string;
  readonly now: string;
  readonly longAgo: string;
}

/** What people should look at first. */
export function Attention({ projectId, now, longAgo }: AttentionProps) {
  const query = useApiQuery(OVERVIEW_ATTENTION, { projectId, now, longAgo });
  if (query.data === undefined) return <Awaited what={OVERVIEW.what} query={query} />;
  const { data } = query;
  const groups = pressing(data, longAgo);
  if (groups.every(({ tone }) => tone === 'neutral' || tone === 'info')) {
    return (
      <Card>
        <div className={css.calm}>
          <Icon name="ok" />
          <div>
            <h2 className={css.calmTitle}>{texts.calm}</h2>
            <p className={css.soft}>{texts.calmText}</p>
          </div>
        </div>
        {groups.length > 0 && <Groups projectId={projectId} groups={groups} data={data} />}
      </Card>
    );
  }
  return (
    <Card title={texts.title}>
      <Groups projectId={projectId} groups={groups} data={data} />
    </Card>
  );
}

interface GroupsProps {
  readonly projectId: string;
  readonly groups: readonly AttentionGroup[];
  readonly data: Parameters<typeof pressing>[0];
}

function Groups({ projectId, groups, data }: GroupsProps) {
  return (
    <ul className={css.groups}>
      {groups.map(({ name, tone, search, moment }) => {
        const { nodes, totalCount, totalCountIsExact } = data[name];
        const { title, text } = texts.groups[name];
        return (
          <li key={name} className={css.group}>
            <h3 className={classNames(css.groupTitle, css[tone])}>
              <Icon name={tone === 'danger' ? 'danger' : tone === 'attention' ? 'warning' : 'info'} size="small" />
              {title}
              <span className={css.count}>{formatTotal(totalCount, totalCountIsExact)}</span>
            </h3>
            <p className={css.soft}>{text}</p>
            <ul className={css.few}>
              {nodes.map((registry) => {
                const at = moment(registry);
                return (
                  <li key={registry.id} className={css.one}>
                    <TextLink href={registryHref({ projectId, registryId: registry.id })}>{registry.name}</TextLink>
                    {at !== null && (
                      <span className={css.when}>
                        <Time at={at} show="relative" />
                      </span>
                    )}
                  </li>
                );
              })}
            </ul>
            {totalCount > nodes.length && (
              <TextLink href={projectHref(projectId, 'registries', search)}>
                {texts.all(formatTotal(totalCount, totalCountIsExact))}
              </TextLink>
            )}
          </li>
        );
      })}
    </ul>
  );
}
