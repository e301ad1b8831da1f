import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { EDIT, FACTS } from '../../texts/registry-history.ts';
import { changedFields, type EditDraft, mergeDraft } from './edit-draft.ts';
import { FactValue } from './fact-value.tsx';
import css from './registry.module.css';

const TEXTS = EDIT.conflict;
const LIST = new Intl.ListFormat('en');

interface EditConflictProps {
  readonly base: EditDraft;
  readonly theirs: EditDraft;
  readonly draft: EditDraft;
  readonly onTake: () => void;
  readonly onDiscard: () => void;
}

/** What somebody else saved while this was edited, and how to go on. */
export function EditConflict({ base, theirs, draft, onTake, onDiscard }: EditConflictProps) {
  const others = changedFields(base, theirs);
  const { clashes } = mergeDraft(base, theirs, draft);
  return (
    <Banner
      kind="warning"
      title={TEXTS.title}
      action={
        <span className={css.line}>
          <Button small onPress={onTake}>
            {TEXTS.take}
          </Button>
          <Button small kind="quiet" onPress={onDiscard}>
            {TEXTS.discard}
          </Button>
        </span>
      }
    >
      <p>
        {TEXTS.intro}
        {others.length === 0 && ` ${TEXTS.nothing}`}
      </p>
      {others.length > 0 && (
        <ul className={css.bullets}>
          {others.map((field) => (
            <li key={field}>
              {FACTS[field]}: <FactValue fact={field} value={base[field]} /> →{' '}
              <FactValue fact={field} value={theirs[field]} />
            </li>
          ))}
        </ul>
      )}
      {clashes.length > 0 && <p>{TEXTS.clash(LIST.format(clashes.map((field) => FACTS[field].toLowerCase())))}</p>}
    </Banner>
  );
}
