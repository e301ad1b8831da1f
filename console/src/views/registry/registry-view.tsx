import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { OfflineError } from '../../api/errors.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { Banner } from '../../components/banner.tsx';
import { TextLink } from '../../components/button.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { NAVIGATION } from '../../texts/frame.ts';
import { REGISTRY as TEXTS } from '../../texts/registry.ts';
import { CredentialSection } from './credential-section.tsx';
import { EditSection } from './edit-section.tsx';
import { HealthSection } from './health-section.tsx';
import { HistorySection } from './history-section.tsx';
import { LeasesSection } from './leases-section.tsx';
import { Missing } from './missing-registry.tsx';
import { PipelinesSection } from './pipelines-section.tsx';
import { RegistryActions, RegistryIntro } from './registry-header.tsx';
import { REGISTRY } from './registry-operations.ts';
import { SECTIONS, type Section } from './search.ts';
import type { ShownRegistry } from './shown-registry.ts';
import { SnippetsSection } from './snippets-section.tsx';

export function RegistryView() {
  const { projectId, registryId } = useParams({ from: '/projects/$projectId/registries/$registryId' });
  const { tab = 'credential' } = useSearch({ from: '/projects/$projectId/registries/$registryId' });
  const navigate = useNavigate({ from: '/projects/$projectId/registries/$registryId' });
  const { can } = usePermissions(projectId);
  const query = useApiQuery(REGISTRY, { projectId, id: registryId });
  const registry = query.data?.registry;
  const back = <TextLink href={projectHref(projectId, 'registries')}>{TEXTS.back}</TextLink>;

  if (!registry) {
    return (
      <Page title={NAVIGATION.registry} back={back}>
        {query.data ? (
          <Missing projectId={projectId} registryId={registryId} />
        ) : (
          <Awaited what={TEXTS.what} query={query} />
        )}
      </Page>
    );
  }

  const open = (section: Section) =>
    void navigate({ search: section === 'credential' ? {} : { tab: section }, replace: false });
  return (
    <Page
      title={registry.name}
      back={back}
      intro={<RegistryIntro registry={registry} />}
      actions={<RegistryActions registry={registry} />}
    >
      {query.error instanceof OfflineError && <Banner kind="warning" title={TEXTS.old} />}
      {!can('registry:write') && <Banner title={TEXTS.readOnly} />}
      <Tabs label={TEXTS.sections} tabs={tabsOf(registry)} selected={tab} onSelect={open}>
        <Shown section={tab} registry={registry} />
      </Tabs>
    </Page>
  );
}

function tabsOf({ usage }: ShownRegistry) {
  const counts: Partial<Record<Section, number>> = { pipelines: usage.pipelines.length, leases: usage.activeLeases };
  return SECTIONS.map((id) => ({ id, label: TEXTS.tabs[id], count: counts[id] || undefined }));
}

function Shown({ section, registry }: { section: Section; registry: ShownRegistry }) {
  switch (section) {
    case 'credential':
      return <CredentialSection registry={registry} />;
    case 'health':
      return <HealthSection registry={registry} />;
    case 'pipelines':
      return <PipelinesSection registry={registry} />;
    case 'leases':
      return <LeasesSection registry={registry} />;
    case 'history':
      return <HistorySection registry={registry} />;
    case 'edit':
      return <EditSection key={registry.id} registry={registry} />;
    case 'snippets':
      return <SnippetsSection registry={registry} />;
    default:
      return section satisfies never;
  }
}
