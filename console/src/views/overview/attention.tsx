import type { OverviewAttentionQuery, OverviewCountsQuery } from '../../api/generated/graphql.ts';
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
import { type AttentionGroup, hasMore, pressing, totalOf, uncounted } from './attention-groups.ts';
import css from './overview.module.css';
import { OVERVIEW_ATTENTION, OVERVIEW_COUNTS } from './overview-operations.ts';

const { attention: texts } = OVERVIEW;

interface AttentionProps {
  readonly projectId: string;
  readonly now: string;
  readonly longAgo: string;
}

/** What people should look at first. */
export function Attention(props: AttentionProps) {
  const { projectId, now, longAgo } = props;
  const query = useApiQuery(OVERVIEW_ATTENTION, { projectId, now, longAgo });
  if (query.data === undefined) return <Awaited what={OVERVIEW.what} query={query} />;
  return <Found {...props} data={query.data} />;
}

interface FoundProps extends AttentionProps {
  readonly data: OverviewAttentionQuery;
}

function Found({ projectId, now, longAgo, data }: FoundProps) {
  const groups = pressing(data, longAgo);
  const asked = uncounted(data, groups);
  const { data: counts } = useApiQuery(
    OVERVIEW_COUNTS,
    { projectId, now, longAgo, ...asked },
    { enabled: Object.values(asked).includes(true), keepPrevious: true },
  );
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
        {groups.length > 0 && <Groups projectId={projectId} groups={groups} data={data} counts={counts} />}
      </Card>
    );
  }
  return (
    <Card title={texts.title}>
      <Groups projectId={projectId} groups={groups} data={data} counts={counts} />
    </Card>
  );
}

interface GroupsProps {
  readonly projectId: string;
  readonly groups: readonly AttentionGroup[];
  readonly data: OverviewAttentionQuery;
  /** Undefined until they are known. */
  readonly counts: OverviewCountsQuery | undefined;
}

function Groups({ projectId, groups, data, counts }: GroupsProps) {
  return (
    <ul className={css.groups}>
      {groups.map(({ name, tone, search, moment }) => {
        const { nodes } = data[name];
        const total = totalOf(data, counts, name);
        const said = total && formatTotal(total.totalCount, total.totalCountIsExact);
        const { title, text } = texts.groups[name];
        return (
          <li key={name} className={css.group}>
            <h3 className={classNames(css.groupTitle, css[tone])}>
              <Icon name={tone === 'danger' ? 'danger' : tone === 'attention' ? 'warning' : 'info'} size="small" />
              {title}
              {said !== undefined && <span className={css.count}>{said}</span>}
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
            {hasMore(data, name) && (
              <TextLink href={projectHref(projectId, 'registries', search)}>{texts.all(said)}</TextLink>
            )}
          </li>
        );
      })}
    </ul>
  );
}
