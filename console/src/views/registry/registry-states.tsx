import { OfflineError } from '../../api/errors.ts';
import { LinkButton, TextLink } from '../../components/button.tsx';
import { EmptyState, ErrorState, LoadingState, OfflineState } from '../../components/states.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { REGISTRY as TEXTS } from '../../texts/registry.ts';
import { projectHref } from './links.ts';

interface AwaitedProps {
  readonly error: Error | null;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

/** Of a registry that was not answered yet: what is happening. */
export function Awaited({ error, isFetching, refetch }: AwaitedProps) {
  if (error === null) return <LoadingState what={TEXTS.what} lines={6} />;
  const retry = { onRetry: () => void refetch(), isRetrying: isFetching };
  return error instanceof OfflineError ? <OfflineState {...retry} /> : <ErrorState error={error} {...retry} />;
}

export function Missing({ projectId, registryId }: { projectId: string; registryId: string }) {
  const { can } = usePermissions(projectId);
  return (
    <EmptyState
      icon="search"
      title={TEXTS.missingTitle}
      action={<LinkButton href={projectHref(projectId, 'registries')}>{TEXTS.toList}</LinkButton>}
    >
      {TEXTS.missing}{' '}
      {can('audit:read') && (
        <TextLink href={projectHref(projectId, 'audit', { registryId })}>{TEXTS.missingHistory}</TextLink>
      )}
    </EmptyState>
  );
}
