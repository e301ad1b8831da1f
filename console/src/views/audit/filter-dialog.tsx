import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { ComboBox } from '../../components/combo-box.tsx';
import { DateTimeField } from '../../components/date-field.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/text-field.tsx';
import { AUDIT, AUDIT_FILTERS } from '../../texts/audit.ts';
import { ACTIONS } from './actions.ts';
import styles from './filter-dialog.module.css';
import { type AuditSearch, appliedSearch, withEntered } from './search.ts';

interface FilterDialogProps {
  readonly search: AuditSearch;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onApply: (search: AuditSearch) => void;
}

export function FilterDialog(props: FilterDialogProps) {
  return (
    <Dialog title={AUDIT_FILTERS.title} isOpen={props.isOpen} onClose={props.onClose}>
      <Fields {...props} />
    </Dialog>
  );
}

const ACTION_OPTIONS = ACTIONS.map((id) => ({ id, label: id }));
/** What is compared whole, in the order of the form. */
const TEXTS = ['actor', 'pipeline', 'runId', 'code', 'registryId', 'leaseId', 'requestId'] as const;
const HELP: Partial<Record<(typeof TEXTS)[number], string>> = {
  actor: AUDIT_FILTERS.actorHelp,
  code: AUDIT_FILTERS.codeHelp,
};

/** In a part of its own, so that it begins anew with what is filtered by each time that it opens. */
function Fields({ search, onClose, onApply }: FilterDialogProps) {
  const [draft, setDraft] = useState<AuditSearch>(search);
  const { from, to } = draft;
  const badTimes = from !== undefined && to !== undefined && from >= to;

  function set(name: keyof AuditSearch, value: string | null): void {
    setDraft(withEntered(draft, name, value));
  }

  function apply(event: FormEvent): void {
    event.preventDefault();
    if (badTimes) return;
    onApply(appliedSearch(draft));
    onClose();
  }

  return (
    <form className={styles.form} onSubmit={apply}>
      <div className={styles.fields}>
        <DateTimeField
          label={AUDIT_FILTERS.from}
          help={AUDIT_FILTERS.timeHelp(Intl.DateTimeFormat().resolvedOptions().timeZone)}
          value={from ?? null}
          onChange={(value) => set('from', value)}
        />
        <DateTimeField
          label={AUDIT_FILTERS.to}
          value={to ?? null}
          onChange={(value) => set('to', value)}
          error={badTimes ? AUDIT_FILTERS.badTimes : undefined}
        />
        <ComboBox
          label={AUDIT_FILTERS.action}
          help={AUDIT_FILTERS.actionHelp}
          options={ACTION_OPTIONS}
          value={draft.action ?? ''}
          onChange={(value) => set('action', value.toUpperCase())}
          mono
        />
        {TEXTS.map((name) => (
          <TextField
            key={name}
            label={AUDIT_FILTERS[name]}
            help={HELP[name]}
            value={draft[name] ?? ''}
            onChange={(value) => set(name, value)}
            mono={name.endsWith('Id') || name === 'code'}
            autoComplete="off"
            spellCheck="false"
          />
        ))}
      </div>
      <div className={styles.buttons}>
        <Button type="submit" kind="primary">
          {AUDIT_FILTERS.apply}
        </Button>
        <Button kind="quiet" onPress={() => setDraft({})}>
          {AUDIT.clear}
        </Button>
      </div>
    </form>
  );
}
