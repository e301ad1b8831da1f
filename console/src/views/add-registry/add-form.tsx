import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { hasCode, OfflineError } from '../../api/errors.ts';
import { useCommand } from '../../api/use-command.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { Form } from '../../components/form.tsx';
import type { SecretHandle } from '../../components/secret-field.tsx';
import { TextField } from '../../components/text-field.tsx';
import { useToasts } from '../../components/toast.tsx';
import { ADD_FORM, ADD_REGISTRY as TEXTS } from '../../texts/add-registry.ts';
import css from './add-registry.module.css';
import { CREATE_REGISTRY, TEST_NEW } from './add-registry-operations.ts';
import { CredentialFields } from './credential-fields.tsx';
import {
  atField,
  createInput,
  type EnteredRegistry,
  emptyDraft,
  type Problems,
  problemsOf,
  testInput,
} from './entered-registry.ts';
import { MoreFields } from './more-fields.tsx';
import { NewTest } from './new-test.tsx';
import { declaredProvider, type Preset, presetOfHost } from './presets.ts';
import { ProviderHelp } from './provider-help.tsx';
import { WhereFields } from './where-fields.tsx';

interface AddFormProps {
  readonly projectId: string;
  readonly presets: readonly Preset[];
  readonly chosen: Preset;
  readonly url: string | undefined;
}

export function AddForm({ projectId, presets, chosen, url }: AddFormProps) {
  const [entered, setEntered] = useState(() => emptyDraft(chosen, url));
  const [problems, setProblems] = useState<Problems>({});
  const [verify, setVerify] = useState(true);
  const [isStale, setStale] = useState(false);
  const secret = useRef<SecretHandle>(null);
  const form = useRef<HTMLDivElement>(null);
  const toasts = useToasts();
  const navigate = useNavigate();
  const test = useCommand(TEST_NEW);
  const create = useCommand(CREATE_REGISTRY, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    onSuccess: ({ createRegistry: { registry } }) => {
      const { warnings } = registry.credential;
      const more = registry.mint?.federated ? [...warnings, TEXTS.addedFederated] : warnings;
      toasts.done(TEXTS.added(registry.name), more.join(' ') || undefined);
    },
    goOn: ({ createRegistry: { registry } }) =>
      void navigate({
        to: '/projects/$projectId/registries/$registryId',
        params: { projectId, registryId: registry.id },
      }),
  });
  const { choice, access } = entered;
  const shown = presetOfHost(presets, entered.url);
  const isOther = shown !== undefined && shown.provider !== chosen.provider;
  const preset = isOther ? shown : chosen;
  const error = create.error ?? test.error;
  const failure = error instanceof OfflineError && error === create.error ? null : atField(error, choice);

  useEffect(() => {
    if (Object.keys(problems).length === 0) return;
    const field = form.current?.querySelector('[aria-invalid="true"]');
    if (field instanceof HTMLElement) field.focus();
  }, [problems]);

  function change(changed: Partial<EnteredRegistry>): void {
    setEntered({ ...entered, ...changed });
    setStale(true);
    const fields = Object.keys(changed);
    if (!Object.keys(problems).some((name) => fields.includes(nameOf(name)))) return;
    setProblems(without(problems, fields));
  }

  /** What is to be sent; undefined if something is missing, which is said at its field. */
  function checked(): { secret: string; provider: Preset['provider'] | undefined } | undefined {
    const typed = secret.current?.read() ?? '';
    const found = problemsOf(entered, typed);
    setProblems(found);
    if (Object.keys(found).length > 0) return undefined;
    return { secret: typed, provider: declaredProvider(presets, chosen, entered.url) };
  }

  function save(): void {
    const sent = create.isPending ? undefined : checked();
    if (sent === undefined) return;
    test.reset();
    create.mutate({ projectId, input: createInput(entered, sent, verify) });
    secret.current?.clear();
  }

  /** The secret stays in its field: the same is about to be stored. */
  function tryIt(): void {
    const sent = checked();
    if (sent === undefined) return;
    create.reset();
    setStale(false);
    test.mutate({ projectId, input: testInput(entered, sent) });
  }

  return (
    <div className={css.sides}>
      <div ref={form} onInput={() => setStale(true)}>
        <Card>
          <Form
            onSubmit={save}
            error={failure}
            aria-label={TEXTS.title}
            actions={
              <>
                <Button type="submit" kind="primary" isPending={create.isPending}>
                  {TEXTS.save}
                </Button>
                <Button onPress={tryIt} isPending={test.isPending}>
                  {TEXTS.test}
                </Button>
              </>
            }
          >
            <WhereFields
              projectId={projectId}
              chosen={chosen}
              shown={isOther ? shown : undefined}
              isDuplicate={hasCode(create.error, 'REGISTRY_ALREADY_EXISTS')}
              entered={entered}
              problems={problems}
              onChange={change}
            />
            <CredentialFields
              projectId={projectId}
              preset={preset}
              entered={entered}
              problems={problems}
              secret={secret}
              isSecretGone={create.isError}
              onChange={change}
              onSecret={() => problems.password !== undefined && setProblems(without(problems, ['password']))}
            />
            <MoreFields
              entered={entered}
              problems={problems}
              faulty={failure?.field}
              isOwnHost={chosen.urlPatterns.some((pattern) => /^<your|^registry\.example/.test(pattern))}
              onChange={change}
            />
            <section className={css.section}>
              <h2 className={css.heading}>{ADD_FORM.try}</h2>
              <TextField
                label={ADD_FORM.repository}
                name="repository"
                optional
                value={entered.repository}
                onChange={(repository) => change({ repository })}
                help={ADD_FORM.repositoryHelp}
                placeholder="team/app"
                mono
              />
              <NewTest test={test} isStale={isStale} />
              <Checkbox isSelected={verify} onChange={setVerify}>
                {ADD_FORM.verify}
              </Checkbox>
            </section>
            {create.error instanceof OfflineError && <Banner kind="warning" title={TEXTS.lost} />}
          </Form>
        </Card>
      </div>
      <aside className={css.aside} aria-label={ADD_FORM.credential}>
        <ProviderHelp preset={preset} choice={choice} access={access} />
      </aside>
    </div>
  );
}

function without(problems: Problems, fields: readonly string[]): Problems {
  return Object.fromEntries(Object.entries(problems).filter(([name]) => !fields.includes(nameOf(name))));
}

/** The part of the draft that a field belongs to. */
function nameOf(field: string): string {
  return field.startsWith('mint.') ? 'mint' : field;
}
