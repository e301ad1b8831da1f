import type { ShownFeedFragment } from '../../api/generated/graphql.ts';
import { useCommand } from '../../api/use-command.ts';
import { useIsHere } from '../../app/use-is-here.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { useToasts } from '../../components/toast.tsx';
import { CALENDAR } from '../../texts/calendar.ts';
import { REVOKE_CALENDAR_FEED } from './calendar-operations.ts';

const { revoke: texts } = CALENDAR;

interface RevokeFeedProps {
  readonly projectId: string;
  readonly feed: ShownFeedFragment;
  readonly onClose: () => void;
}

export function RevokeFeed({ projectId, feed: { id, name }, onClose }: RevokeFeedProps) {
  const toasts = useToasts();
  const isHere = useIsHere();
  const revoke = useCommand(REVOKE_CALENDAR_FEED, {
    onSuccess: () => {
      // Another feed's question may stand there by now.
      if (isHere()) onClose();
      toasts.done(texts.done(name));
    },
  });
  return (
    <ConfirmDialog
      title={texts.title(name)}
      isOpen
      onClose={onClose}
      onConfirm={() => revoke.mutate({ projectId, id })}
      confirmLabel={texts.confirm}
      isPending={revoke.isPending}
      error={revoke.error}
    >
      <p>{texts.text}</p>
    </ConfirmDialog>
  );
}
