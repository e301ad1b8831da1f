import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { TrustRuleDetailsFragment } from '../../api/generated/graphql.ts';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Time } from '../../components/time.tsx';
import { useToasts } from '../../components/toast.tsx';
import { RULE as TEXTS } from '../../texts/trust.ts';
import { DELETE_TRUST_RULE } from '../trust/trust-operations.ts';

export function DeleteRule({ rule }: { readonly rule: TrustRuleDetailsFragment }) {
  const { projectId, id, name, revision, lastUsedAt } = rule;
  const [isOpen, setOpen] = useState(false);
  const navigate = useNavigate();
  const toasts = useToasts();
  const remove = useCommand(DELETE_TRUST_RULE, {
    onSuccess: () => toasts.done(TEXTS.removed, name),
    goOn: () => void navigate({ to: '/projects/$projectId/trust', params: { projectId } }),
  });
  return (
    <>
      <Button icon="trash" onPress={() => setOpen(true)}>
        {TEXTS.remove}
      </Button>
      <ConfirmDialog
        title={TEXTS.removeTitle(name)}
        isOpen={isOpen}
        onClose={() => {
          setOpen(false);
          remove.reset();
        }}
        onConfirm={() => remove.mutate({ projectId, id, expectedRevision: revision })}
        confirmLabel={TEXTS.confirm}
        isPending={remove.isPending}
        error={remove.error}
      >
        <p>{TEXTS.removeText}</p>
        <p>
          {lastUsedAt === null ? (
            TEXTS.neverUsed
          ) : (
            <>
              {TEXTS.usedLast} <Time at={lastUsedAt} show="relative" />.
            </>
          )}
        </p>
        <p>{TEXTS.removeStays}</p>
      </ConfirmDialog>
    </>
  );
}
