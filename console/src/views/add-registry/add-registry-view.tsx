import { getRouteApi } from '@tanstack/react-router';
import { useApiQuery } from '../../api/use-api-query.ts';
import { Awaited } from '../../app/awaited.tsx';
import { projectHref } from '../../app/links.ts';
import { Page } from '../../app/page.tsx';
import { TextLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { ADD_REGISTRY as TEXTS } from '../../texts/add-registry.ts';
import { AddForm } from './add-form.tsx';
import { REGISTRY_PRESETS } from './add-registry-operations.ts';
import { PresetTable } from './preset-table.tsx';
import { otherPreset } from './presets.ts';

const route = getRouteApi('/projects/$projectId/registries/new');

/** First which registry it is, then what to enter for it. */
export function AddRegistryView() {
  const { projectId } = route.useParams();
  const { preset: name, url } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useApiQuery(REGISTRY_PRESETS, {});
  const presets = query.data?.registryPresets;
  const chosen = presets?.find((preset) => preset.name === name);
  const list = projectHref(projectId, 'registries');

  if (presets === undefined) {
    return (
      <Page title={TEXTS.title} back={<TextLink href={list}>{TEXTS.back}</TextLink>}>
        <Card>
          <Awaited what={TEXTS.what} query={query} />
        </Card>
      </Page>
    );
  }
  if (chosen === undefined) {
    return (
      <Page title={TEXTS.title} intro={TEXTS.intro} back={<TextLink href={list}>{TEXTS.back}</TextLink>}>
        <PresetTable
          presets={presets}
          onChoose={(preset) => void navigate({ search: { preset: preset.name } })}
          onHost={(host) => {
            const other = otherPreset(presets);
            if (other !== undefined) void navigate({ search: { preset: other.name, url: host } });
          }}
        />
      </Page>
    );
  }
  const title = chosen.provider === 'GENERIC' ? TEXTS.title : TEXTS.titleOf(chosen.name);
  return (
    <Page title={title} back={<TextLink href={`${list}/new`}>{TEXTS.another}</TextLink>}>
      <AddForm key={`${chosen.name} ${url ?? ''}`} projectId={projectId} presets={presets} chosen={chosen} url={url} />
    </Page>
  );
}
