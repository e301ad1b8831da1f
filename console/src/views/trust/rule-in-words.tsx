import { useQueries } from '@tanstack/react-query';
import { useApi } from '../../api/api-context.tsx';
import { queryKeyOf } from '../../api/operation.ts';
import { Card } from '../../components/card.tsx';
import { Pieces } from '../../components/marked.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { RULE_FORM as TEXTS } from '../../texts/trust.ts';
import type { RuleDraft } from './rule-draft.ts';
import { sentencesOf } from './rule-sentence.ts';
import css from './trust.module.css';
import { PICKED_REGISTRY } from './trust-operations.ts';

/** The rule read back in sentences, as it stands in the form. */
export function RuleInWords({ projectId, draft }: { readonly projectId: string; readonly draft: RuleDraft }) {
  const names = useRegistryNames(projectId, draft.registryIds);
  const sentences = sentencesOf(draft, (id) => names.get(id) ?? id);
  return (
    <Card title={TEXTS.sentence}>
      <div className={css.tight}>
        {sentences.map((pieces, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the sentences keep their order
          <p key={index} className={css.break}>
            <Pieces pieces={pieces} />
          </p>
        ))}
      </div>
    </Card>
  );
}

function useRegistryNames(projectId: string, ids: readonly string[]): ReadonlyMap<string, string> {
  const api = useApi();
  const enabled = usePermissions(projectId).can('registry:read');
  const queries = useQueries({
    queries: ids.map((id) => ({
      queryKey: queryKeyOf(PICKED_REGISTRY, { projectId, id }),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.request(PICKED_REGISTRY, { projectId, id }, { signal }),
      enabled,
    })),
  });
  return new Map(
    queries.flatMap(({ data }) => (data?.registry ? [[data.registry.id, data.registry.name] as const] : [])),
  );
}
