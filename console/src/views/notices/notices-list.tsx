import type { ShownNoticeFragment } from '../../api/generated/graphql.ts';
import { registryHref } from '../../app/links.ts';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { NOTICE_KINDS } from '../../components/statuses.ts';
import { Timeline } from '../../components/timeline.tsx';
import { NOTICES } from '../../texts/notices.ts';
import { NoticeAdvice } from './notice-advice.tsx';
import { byDay } from './notice-days.ts';
import css from './notices.module.css';

interface NoticesListProps {
  readonly projectId: string;
  /** Newest first. */
  readonly notices: readonly ShownNoticeFragment[];
  readonly settled: ReadonlySet<string>;
  /** Ids of registries that are deleted. */
  readonly gone: ReadonlySet<string>;
  readonly isNew: (occurredAt: string) => boolean;
}

export function NoticesList({ projectId, notices, settled, gone, isNew }: NoticesListProps) {
  return (
    <div className={css.days}>
      {byDay(notices, new Date()).map((day) => (
        <Card key={day.title} title={day.title}>
          <Timeline
            label={day.title}
            entries={day.notices.map((notice) => ({
              id: notice.cursor,
              at: notice.occurredAt,
              tone: NOTICE_KINDS[notice.kind].tone,
              icon: NOTICE_KINDS[notice.kind].icon,
              title: (
                <Title
                  projectId={projectId}
                  notice={notice}
                  isGone={gone.has(notice.registryId)}
                  isNew={isNew(notice.occurredAt)}
                />
              ),
              children: (
                <div className={css.words}>
                  <p>{notice.message}</p>
                  <NoticeAdvice projectId={projectId} notice={notice} isSettled={settled.has(notice.cursor)} />
                </div>
              ),
            }))}
          />
        </Card>
      ))}
    </div>
  );
}

interface TitleProps {
  readonly projectId: string;
  readonly notice: ShownNoticeFragment;
  readonly isGone: boolean;
  readonly isNew: boolean;
}

function Title({ projectId, notice: { kind, registryId, url }, isGone, isNew }: TitleProps) {
  return (
    <span className={css.title}>
      {NOTICE_KINDS[kind].word}
      <span className={css.registry}>
        {isGone ? url : <TextLink href={registryHref({ projectId, registryId })}>{url}</TextLink>}
      </span>
      {isNew && <span className={css.new}>{NOTICES.isNew}</span>}
    </span>
  );
}
