import { projectHref } from '../../app/links.ts';
import { LinkButton, TextLink } from '../../components/button.tsx';
import { EmptyState } from '../../components/states.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { REGISTRY as TEXTS } from '../../texts/registry.ts';

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
