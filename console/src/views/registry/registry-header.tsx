import { useState } from 'react';
import { rotateHref } from '../../app/links.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { StatusBadge, Tag } from '../../components/status-badge.tsx';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import { usePermissions } from '../../session/permissions.ts';
import { PROVIDERS } from '../../texts/providers.ts';
import { REGISTRY as TEXTS } from '../../texts/registry.ts';
import { DeleteRegistry } from './delete-registry.tsx';
import css from './registry.module.css';
import type { ShownRegistry } from './shown-registry.ts';

export function RegistryIntro({ registry }: { registry: ShownRegistry }) {
  const { url, provider, access, credential } = registry;
  return (
    <div className={css.intro}>
      <span className={css.url}>
        <code>{url}</code>
        <CopyButton text={url} what={TEXTS.url} />
      </span>
      <StatusBadge status={CREDENTIAL_STATUSES[credential.status]} />
      <Tag>{PROVIDERS[provider]}</Tag>
      <Tag>{TEXTS.access[access]}</Tag>
    </div>
  );
}

/** What can be done with the whole of it; what the token does not grant is not there. */
export function RegistryActions({ registry }: { registry: ShownRegistry }) {
  const { projectId, id, credential } = registry;
  const { can } = usePermissions(projectId);
  const [isDeleting, setDeleting] = useState(false);
  const isUnderWay = credential.staged !== null || credential.retiring !== null;
  return (
    <>
      {can('registry:write') && (
        <LinkButton kind="primary" icon="refresh" href={rotateHref({ projectId, registryId: id })}>
          {isUnderWay ? TEXTS.goOn : TEXTS.rotate}
        </LinkButton>
      )}
      {can('registry:delete') && (
        <Button icon="trash" onPress={() => setDeleting(true)}>
          {TEXTS.delete}
        </Button>
      )}
      <DeleteRegistry registry={registry} isOpen={isDeleting} onClose={() => setDeleting(false)} />
    </>
  );
}
