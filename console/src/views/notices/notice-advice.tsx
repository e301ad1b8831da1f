import type { ShownNoticeFragment } from '../../api/generated/graphql.ts';
import { registryHref, rotateHref } from '../../app/links.ts';
import { TextLink } from '../../components/button.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { NOTICES } from '../../texts/notices.ts';
import css from './notices.module.css';

interface NoticeAdviceProps {
  readonly projectId: string;
  readonly notice: ShownNoticeFragment;
  readonly isSettled: boolean;
}

/** What there is to do about a notice, and where. */
export function NoticeAdvice({ projectId, notice, isSettled }: NoticeAdviceProps) {
  const mayWrite = usePermissions(projectId).can('registry:write');
  const place = { projectId, registryId: notice.registryId };
  if (isSettled) return <p className={css.settled}>{NOTICES.done}</p>;
  const advice = NOTICES.advice[notice.kind];
  const mayFollow = 'to' in advice && (advice.to !== 'rotate' || mayWrite);
  return (
    <p>
      {advice.text}{' '}
      {mayFollow && (
        <TextLink href={advice.to === 'rotate' ? rotateHref(place) : registryHref(place, { tab: advice.to })}>
          {advice.link}
        </TextLink>
      )}
      {'to' in advice && !mayFollow && NOTICES.askWriter}
      {notice.kind === 'ROTATED' && notice.leasesOnOlderVersions > 0 && (
        <>
          {NOTICES.oldLeases(notice.leasesOnOlderVersions)}{' '}
          <TextLink href={registryHref(place, { tab: 'leases' })}>{NOTICES.seeLeases}</TextLink>
        </>
      )}
    </p>
  );
}
