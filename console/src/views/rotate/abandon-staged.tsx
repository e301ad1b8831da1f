import { useCommand } from '../../api/use-command.ts';
import type { RegistryPlace } from '../../app/links.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { useToasts } from '../../components/toast.tsx';
import { ABANDON as TEXTS } from '../../texts/rotate.ts';
import { ABANDON } from './rotation-operations.ts';

interface AbandonStagedProps {
  readonly place: RegistryPlace;
  readonly version: number;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function AbandonStaged({ place: { projectId, registryId }, version, isOpen, onClose }: AbandonStagedProps) {
  const toasts = useToasts();
  const abandon = useCommand(ABANDON, {
    withKey: (variables, idempotencyKey) => ({ ...variables, idempotencyKey }),
    onSuccess: () => {
      onClose();
      toasts.done(TEXTS.done(version));
    },
  });
  return (
    <ConfirmDialog
      title={TEXTS.title(version)}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={() => abandon.mutate({ projectId, id: registryId, version })}
      confirmLabel={TEXTS.confirm}
      isPending={abandon.isPending}
      error={abandon.error}
    >
      <p>{TEXTS.what}</p>
    </ConfirmDialog>
  );
}
