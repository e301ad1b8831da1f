import { useState } from 'react';
import { hasCode } from '../../api/errors.ts';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../components/button.tsx';
import { Card, KeyValueList } from '../../components/card.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { Form } from '../../components/form.tsx';
import { useToasts } from '../../components/toast.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { FACTS, EDIT as TEXTS } from '../../texts/registry-history.ts';
import { EditConflict } from './edit-conflict.tsx';
import { changedFields, draftOf, EDIT_FIELDS, type EditDraft, isDays, mergeDraft, updateInput } from './edit-draft.ts';
import { EditFields } from './edit-fields.tsx';
import { FactValue } from './fact-value.tsx';
import css from './registry.module.css';
import { UPDATE_REGISTRY } from './registry-operations.ts';
import type { ShownRegistry } from './shown-registry.ts';

export function EditSection({ registry }: { registry: ShownRegistry }) {
  const { can } = usePermissions(registry.projectId);
  return (
    <Card title={TEXTS.title}>
      {can('registry:write') ? <EditForm registry={registry} /> : <Details registry={registry} />}
    </Card>
  );
}

function Details({ registry }: { registry: ShownRegistry }) {
  const draft = draftOf(registry);
  return (
    <KeyValueList
      entries={EDIT_FIELDS.filter((field) => draft[field] !== '').map((field) => ({
        label: FACTS[field],
        value: <FactValue fact={field} value={draft[field]} />,
      }))}
    />
  );
}

function EditForm({ registry }: { registry: ShownRegistry }) {
  const { projectId, id } = registry;
  // What the reader began with: the page is read again meanwhile, and must not change under their hands.
  const [base, setBase] = useState({ draft: draftOf(registry), revision: registry.revision });
  const [draft, setDraft] = useState(base.draft);
  const [verify, setVerify] = useState(false);
  const toasts = useToasts();
  const changed = changedFields(base.draft, draft);
  const isSendable = changed.length > 0 && isDays(draft.rotateEveryDays);
  const update = useCommand(UPDATE_REGISTRY, {
    withKey: (variables, idempotencyKey) => ({ ...variables, input: { ...variables.input, idempotencyKey } }),
    onSuccess: ({ updateRegistry: { registry: saved, warnings } }) => {
      begin(draftOf(saved), saved.revision);
      toasts.done(TEXTS.saved, warnings.join(' ') || undefined);
    },
  });

  function begin(from: EditDraft, revision: number): void {
    setBase({ draft: from, revision });
    setDraft(from);
    update.reset();
  }

  const theirs = draftOf(registry);
  const isOvertaken = registry.revision > base.revision;
  const others = isOvertaken ? changedFields(base.draft, theirs) : [];
  // Nothing was typed yet: there is nothing to lose by showing what is there now.
  if (isOvertaken && !update.isPending && (changed.length === 0 || (others.length === 0 && update.error === null))) {
    const merged = mergeDraft(base.draft, theirs, draft);
    setBase({ draft: theirs, revision: registry.revision });
    setDraft(merged.draft);
  }
  const isConflict = hasCode(update.error, 'REVISION_CONFLICT');

  function takeOver(): void {
    setDraft(mergeDraft(base.draft, theirs, draft).draft);
    setBase({ draft: theirs, revision: registry.revision });
    update.reset();
  }

  return (
    <div className={css.form}>
      <Form
        onSubmit={() => {
          if (!isSendable) return;
          const input = { ...updateInput(base.draft, draft), expectedRevision: base.revision, verify };
          update.mutate({ projectId, id, input });
        }}
        error={isConflict ? null : update.error}
        aria-label={TEXTS.title}
        actions={
          <>
            <Button type="submit" kind="primary" isPending={update.isPending} isDisabled={!isSendable}>
              {TEXTS.save}
            </Button>
            {changed.length > 0 && <Button onPress={() => begin(theirs, registry.revision)}>{TEXTS.reset}</Button>}
          </>
        }
      >
        <EditFields registry={registry} draft={draft} onChange={(change) => setDraft({ ...draft, ...change })} />
        <Checkbox isSelected={verify} onChange={setVerify}>
          {TEXTS.verify}
        </Checkbox>
        {isOvertaken && (isConflict || others.length > 0) && (
          <EditConflict
            base={base.draft}
            theirs={theirs}
            draft={draft}
            onTake={takeOver}
            onDiscard={() => begin(theirs, registry.revision)}
          />
        )}
        <p className={`${css.soft} ${css.small}`}>
          {TEXTS.fixed} {TEXTS.password}
        </p>
      </Form>
    </div>
  );
}
