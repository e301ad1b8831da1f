import type { OverviewEndingsQuery } from '../../api/generated/graphql.ts';
import { registryHref } from '../../app/links.ts';
import type { Ending } from '../../components/charts/scales.ts';
import { OVERVIEW } from '../../texts/overview.ts';

const DAY = 24 * 60 * 60_000;
/** An expiry that is nearer stops pipelines soon. */
const NEAR = 7 * DAY;

/** What ends after `now`: each registry at most once for its expiry and once for its rotation. */
export function endingsOf({ expiring, due }: OverviewEndingsQuery, projectId: string, now: string): Ending[] {
  const from = Date.parse(now);
  const ending = (id: string, name: string, what: 'expires' | 'rotationDue', at: string | null): Ending[] => {
    if (at === null || Date.parse(at) < from) return [];
    const tone = what === 'rotationDue' ? 'info' : Date.parse(at) - from < NEAR ? 'danger' : 'attention';
    const href = registryHref({ projectId, registryId: id });
    return [{ id: `${what} ${id}`, at, label: name, what: OVERVIEW.endings[what], tone, href }];
  };
  return [
    ...expiring.nodes.flatMap(({ id, name, credential }) => ending(id, name, 'expires', credential.expiresAt)),
    ...due.nodes.flatMap(({ id, name, credential }) => ending(id, name, 'rotationDue', credential.rotationDueAt)),
  ].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
