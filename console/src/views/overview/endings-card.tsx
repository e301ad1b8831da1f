import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { Card } from '../../components/card.tsx';
import { EndingsTimeline } from '../../components/charts/endings-timeline.tsx';
import { OVERVIEW } from '../../texts/overview.ts';
import { endingsOf } from './endings.ts';
import css from './overview.module.css';
import { OVERVIEW_ENDINGS } from './overview-operations.ts';

const { endings: texts } = OVERVIEW;

interface EndingsCardProps {
  readonly projectId: string;
  readonly now: string;
  readonly until: string;
}

export function EndingsCard({ projectId, now, until }: EndingsCardProps) {
  const query = useApiQuery(OVERVIEW_ENDINGS, { projectId, until });
  if (query.data === undefined) {
    return (
      <Card title={texts.title}>
        <Awaited what={texts.title.toLowerCase()} query={query} />
      </Card>
    );
  }
  const { expiring, due } = query.data;
  const endings = endingsOf(query.data, projectId, now);
  const isCut = expiring.pageInfo.hasNextPage || due.pageInfo.hasNextPage;
  return (
    <Card title={texts.title}>
      {endings.length === 0 ? (
        <p className={css.soft}>{texts.none}</p>
      ) : (
        <EndingsTimeline label={texts.title} endings={endings} from={new Date(now)} />
      )}
      {isCut && <p className={css.soft}>{texts.more}</p>}
    </Card>
  );
}
