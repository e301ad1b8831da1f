import { useCommand } from '../../api/use-command.ts';
import { useToasts } from '../../components/toast.tsx';
import { DELIVERIES } from '../../texts/webhooks.ts';
import { REPLAY_DELIVERY } from './webhooks-operations.ts';

export interface Replay {
  readonly replay: (deliveryId: string) => void;
  /** The delivery that is being asked for. */
  readonly pendingId: string | undefined;
}

export function useReplay(projectId: string): Replay {
  const toasts = useToasts();
  const command = useCommand(REPLAY_DELIVERY, {
    onSuccess: () => toasts.done(DELIVERIES.replay.done, DELIVERIES.replay.doneText),
  });
  return {
    replay: (id) =>
      command.mutate({ projectId, id }, { onError: ({ message }) => toasts.failed(DELIVERIES.replay.failed, message) }),
    pendingId: command.sending && String(command.sending.id),
  };
}
