import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queryKeyOf } from '../../api/operation.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Form } from '../../components/form.tsx';
import { LoadingState } from '../../components/states.tsx';
import { TextField } from '../../components/text-field.tsx';
import { Time } from '../../components/time.tsx';
import { useToasts } from '../../components/toast.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { LEASES, DELETE as TEXTS } from '../../texts/registry.ts';
import { CHANGE_IMPACT } from '../rotate/rotation-operations.ts';
import { type BlockingLease, type InUse, inUseOf } from './in-use.ts';
import css from './registry.module.css';
import { DELETE_REGISTRY, REGISTRY } from './registry-operations.ts';
import type { ShownRegistry } from './shown-registry.ts';

interface DeleteRegistryProps {
  readonly registry: ShownRegistry;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function DeleteRegistry({ registry, isOpen, onClose }: DeleteRegistryProps) {
  return (
    <Dialog title={TEXTS.title(registry.name)} isOpen={isOpen} onClose={onClose}>
      <Question registry={registry} onClose={onClose} />
    </Dialog>
  );
}

/** In a part of its own, so that what was typed is gone when the dialog closes. */
function Question({ registry, onClose }: Omit<DeleteRegistryProps, 'isOpen'>) {
  const { projectId, id, url } = registry;
  const [typed, setTyped] = useState('');
  const [isForced, setForced] = useState(false);
  const toasts = useToasts();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useCommand(DELETE_REGISTRY, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    onSuccess: () => toasts.done(TEXTS.done(url)),
    goOn: async () => {
      await navigate({ to: '/projects/$projectId/registries', params: { projectId } });
      queries.removeQueries({ queryKey: queryKeyOf(REGISTRY, { projectId, id }) });
    },
  });
  const refused = inUseOf(remove.error);
  const isTyped = typed.trim() === url;

  function send(): void {
    if (!isTyped) return;
    remove.mutate({ projectId, id, input: { force: isForced } });
  }

  return (
    <Form
      onSubmit={send}
      error={refused === undefined ? remove.error : null}
      aria-label={TEXTS.title(registry.name)}
      actions={
        <>
          <Button type="submit" kind="danger" isDisabled={!isTyped} isPending={remove.isPending}>
            {TEXTS.confirm}
          </Button>
          <Button onPress={onClose}>{LEASES.cancel}</Button>
        </>
      }
    >
      <p>{TEXTS.what}</p>
      <p>{TEXTS.notRevoked}</p>
      <Users registry={registry} refused={refused} />
      {(refused !== undefined || isForced || registry.usage.activeLeases > 0) && (
        <Checkbox isSelected={isForced} onChange={setForced} help={TEXTS.forceHelp}>
          {TEXTS.force}
        </Checkbox>
      )}
      <TextField
        label={TEXTS.typed(url)}
        value={typed}
        onChange={setTyped}
        mono
        autoComplete="off"
        spellCheck="false"
        autoFocus
      />
    </Form>
  );
}

/** Who would notice: as read when the dialog opened, or as the service said when it refused. */
function Users({ registry: { projectId, id }, refused }: { registry: ShownRegistry; refused: InUse | undefined }) {
  const { can } = usePermissions(projectId);
  const mayRead = can('registry:read');
  const query = useApiQuery(CHANGE_IMPACT, { projectId, id }, { enabled: mayRead });
  const impact = query.data?.changeImpact;
  const inUse =
    refused ??
    (impact && impact.activeLeaseCount > 0
      ? { activeLeases: impact.activeLeaseCount, leases: impact.activeLeases.slice(0, 20) }
      : undefined);
  if (inUse !== undefined) return <ActiveLeases inUse={inUse} isRefused={refused !== undefined} />;
  if (query.error !== null) return <Banner kind="warning" title={query.error.message} />;
  if (impact === undefined) return mayRead ? <LoadingState what={TEXTS.checking} lines={2} /> : null;
  const { pipelinesLast30Days: lately } = impact;
  if (lately.length === 0) return <Banner kind="success" title={TEXTS.unused} />;
  return (
    <Banner title={TEXTS.usedLately(lately.length)}>
      <ul className={css.bullets}>
        {lately.map(({ pipeline }) => (
          <li key={pipeline} className={css.break}>
            {pipeline}
          </li>
        ))}
      </ul>
    </Banner>
  );
}

function ActiveLeases({ inUse: { activeLeases, leases }, isRefused }: { inUse: InUse; isRefused: boolean }) {
  const hidden = activeLeases - leases.length;
  return (
    <Banner kind={isRefused ? 'danger' : 'warning'} title={TEXTS.inUse(activeLeases)}>
      <ul className={css.bullets}>
        {leases.map((lease) => (
          <li key={lease.id}>
            <UsedBy lease={lease} />
          </li>
        ))}
        {hidden > 0 && <li>{TEXTS.more(hidden)}</li>}
      </ul>
      <p>{TEXTS.revokeFirst}</p>
    </Banner>
  );
}

function UsedBy({ lease: { pipeline, runId, expiresAt } }: { lease: BlockingLease }) {
  return (
    <span className={css.break}>
      {pipeline}
      {runId !== null && ` ${LEASES.runOf(runId)}`}, {TEXTS.until} <Time at={expiresAt} show="relative" />
    </span>
  );
}
