import { useState } from 'react';
import { hasCode } from '../../api/errors.ts';
import { useApiQuery } from '../../api/use-api-query.ts';
import { registryHref } from '../../app/links.ts';
import { Banner } from '../../components/banner.tsx';
import { LinkButton } from '../../components/button.tsx';
import { AccessField } from '../../components/registry-fields.tsx';
import { TextField } from '../../components/text-field.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { ADD_FORM as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import { REGISTRY_AT } from './add-registry-operations.ts';
import type { EnteredRegistry, Problems } from './entered-registry.ts';
import { exampleOf, type Preset } from './presets.ts';

interface WhereFieldsProps {
  readonly projectId: string;
  readonly chosen: Preset;
  /** What the host shows, if that is something else than what was chosen. */
  readonly shown: Preset | undefined;
  /** The service refused it because the project has it: then it is looked up, to lead there. */
  readonly isDuplicate: boolean;
  readonly entered: EnteredRegistry;
  readonly problems: Problems;
  readonly onChange: (change: Partial<EnteredRegistry>) => void;
}

export function WhereFields({ projectId, chosen, shown, isDuplicate, entered, problems, onChange }: WhereFieldsProps) {
  const { url, access } = entered;
  const [left, setLeft] = useState(url);
  const looked = isDuplicate ? url.trim() : left;
  const isLooked = looked !== '' && looked === url.trim();
  const mayRead = usePermissions(projectId).can('registry:read');
  const { data, error } = useApiQuery(REGISTRY_AT, { projectId, url: looked }, { enabled: isLooked && mayRead });
  const existing = isLooked ? data?.registryByUrl : undefined;
  const fault = isLooked && hasCode(error, 'BAD_USER_INPUT') ? error.message : undefined;
  const problem = problems.url ?? fault;
  return (
    <section className={css.section}>
      <h2 className={css.heading}>{TEXTS.where}</h2>
      <TextField
        label={TEXTS.url}
        name="url"
        value={url}
        onChange={(value) => onChange({ url: value })}
        onBlur={() => setLeft(url.trim())}
        placeholder={exampleOf(chosen)}
        help={TEXTS.urlHelp}
        isRequired
        mono
        autoComplete="off"
        spellCheck="false"
        inputMode="url"
        {...(problem !== undefined && { error: problem })}
      />
      {existing && (
        <Banner
          kind="warning"
          title={TEXTS.exists}
          action={
            <LinkButton small href={registryHref({ projectId, registryId: existing.id })}>
              {TEXTS.open}
            </LinkButton>
          }
        >
          {TEXTS.existsAs(existing.name, existing.url)}
        </Banner>
      )}
      {shown !== undefined && <Banner>{TEXTS.known(shown.name)}</Banner>}
      <AccessField value={access} onChange={(value) => onChange({ access: value })} help={TEXTS.accessHelp} />
    </section>
  );
}
