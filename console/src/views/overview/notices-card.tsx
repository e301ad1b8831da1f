import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { goneAmong } from '../../app/gone-registries.ts';
import { projectHref, registryHref } from '../../app/links.ts';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { NOTICE_KINDS } from '../../components/statuses.ts';
import { Timeline } from '../../components/timeline.tsx';
import { OVERVIEW } from '../../texts/overview.ts';
import css from './overview.module.css';
import { OVERVIEW_NOTICES } from './overview-operations.ts';

const { notices: texts } = OVERVIEW;

/** Read again with each change of the project, which is what notices come from. */
export function NoticesCard({ projectId }: { readonly projectId: string }) {
  const query = useApiQuery(OVERVIEW_NOTICES, { projectId });
  const all = <TextLink href={projectHref(projectId, 'notices')}>{texts.all}</TextLink>;
  if (query.data === undefined) {
    return (
      <Card title={texts.title} actions={all}>
        <Awaited what={texts.title.toLowerCase()} query={query} />
      </Card>
    );
  }
  const { nodes } = query.data.rotationNotices;
  const gone = goneAmong(nodes);
  return (
    <Card title={texts.title} actions={all}>
      {nodes.length === 0 ? (
        <p className={css.soft}>{texts.none}</p>
      ) : (
        <Timeline
          label={texts.title}
          entries={nodes.map(({ cursor, kind, registryId, message, occurredAt }) => ({
            id: cursor,
            at: occurredAt,
            title: gone.has(registryId) ? (
              NOTICE_KINDS[kind].word
            ) : (
              <TextLink href={registryHref({ projectId, registryId })}>{NOTICE_KINDS[kind].word}</TextLink>
            ),
            tone: NOTICE_KINDS[kind].tone,
            icon: NOTICE_KINDS[kind].icon,
            children: message,
          }))}
        />
      )}
    </Card>
  );
}
