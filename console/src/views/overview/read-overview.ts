import type { QueryClient } from '@tanstack/react-query';
import type { Api } from '../../api/client.ts';
import { readAhead } from '../../api/use-api-query.ts';
import { timesOf } from './attention-groups.ts';
import { OVERVIEW_ATTENTION, OVERVIEW_ENDINGS, OVERVIEW_NOTICES, OVERVIEW_USE } from './overview-operations.ts';

/** Asks for what the overview shows first: the answers are under way while the browser renders the frame around them. */
export function readOverview(from: { readonly api: Api; readonly queries: QueryClient }, projectId: string): void {
  const { now, longAgo, until } = timesOf(Date.now());
  readAhead(from, OVERVIEW_ATTENTION, { projectId, now, longAgo });
  readAhead(from, OVERVIEW_ENDINGS, { projectId, until });
  readAhead(from, OVERVIEW_USE, { projectId });
  readAhead(from, OVERVIEW_NOTICES, { projectId });
}
