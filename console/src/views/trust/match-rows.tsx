import { Banner } from '../../components/banner.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { ComboBox } from '../../components/combo-box.tsx';
import { ErrorText, fieldStyles, useFieldError } from '../../components/field.tsx';
import { Marked } from '../../components/marked.tsx';
import { Select } from '../../components/select.tsx';
import { TextArea, TextField } from '../../components/text-field.tsx';
import { useFocusHandover } from '../../components/use-focus-handover.ts';
import { RULE_FORM as TEXTS } from '../../texts/trust.ts';
import { type MatchDraft, matchDraft } from './rule-draft.ts';
import css from './trust.module.css';

interface MatchRowsProps {
  readonly matches: readonly MatchDraft[];
  readonly onChange: (matches: readonly MatchDraft[]) => void;
  /** Names of claims to propose. */
  readonly claims: readonly string[];
  /** What is wrong, by field. */
  readonly problems: Readonly<Record<string, string>>;
  /** Who else would meet them. */
  readonly warnings: readonly string[];
}

const KINDS = [
  { id: 'equals', label: TEXTS.kinds.equals },
  { id: 'startsWith', label: TEXTS.kinds.startsWith },
] as const;

export function MatchRows({ matches, onChange, claims, problems, warnings }: MatchRowsProps) {
  const error = useFieldError('matches', problems.matches);
  const change = (key: string, to: Partial<MatchDraft>) =>
    onChange(matches.map((match) => (match.key === key ? { ...match, ...to } : match)));
  return (
    <fieldset className={css.group} data-field="matches">
      <legend className={css.legend}>{TEXTS.matches}</legend>
      <p className={css.help}>{TEXTS.matchesHelp}</p>
      {matches.map((match, index) => (
        <MatchRow
          key={match.key}
          match={match}
          index={index}
          claims={claims}
          problems={problems}
          onChange={(to) => change(match.key, to)}
          onRemove={matches.length === 1 ? undefined : () => onChange(matches.filter(({ key }) => key !== match.key))}
        />
      ))}
      {error !== undefined && (
        <p className={fieldStyles.error} role="alert">
          <ErrorText>{error}</ErrorText>
        </p>
      )}
      {warnings.length > 0 && (
        <Banner kind="warning" title={TEXTS.warnings}>
          <ul className={css.bullets}>
            {warnings.map((warning) => (
              <li key={warning}>
                <Marked text={warning} />
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <div data-add>
        <Button small icon="add" onPress={() => onChange([...matches, matchDraft()])}>
          {TEXTS.addMatch}
        </Button>
      </div>
    </fieldset>
  );
}

/** The button that adds a condition: the others have not moved away from it. */
function addButton(row: HTMLElement): HTMLElement | null | undefined {
  return row.closest('fieldset')?.querySelector<HTMLElement>('[data-add] button');
}

interface MatchRowProps {
  readonly match: MatchDraft;
  readonly index: number;
  readonly claims: readonly string[];
  readonly problems: Readonly<Record<string, string>>;
  readonly onChange: (to: Partial<MatchDraft>) => void;
  readonly onRemove: (() => void) | undefined;
}

function MatchRow({ match: { claim, kind, text }, index, claims, problems, onChange, onRemove }: MatchRowProps) {
  const row = useFocusHandover<HTMLDivElement>(addButton);
  const place = `matches[${index}]`;
  const value = {
    value: text,
    onChange: (to: string) => onChange({ text: to }),
    mono: true,
    spellCheck: 'false',
  } as const;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset within a fieldset is read twice
    <div ref={row} className={css.match} role="group" aria-label={`${TEXTS.matches} ${index + 1}`}>
      <div className={css.matchFields}>
        <ComboBox
          label={TEXTS.claim}
          name={`${place}.claim`}
          error={problems[`${place}.claim`]}
          mono
          value={claim}
          onChange={(to) => onChange({ claim: to })}
          options={claims.map((one) => ({ id: one, label: one }))}
        />
        <Select label={TEXTS.kind} options={KINDS} value={kind} onChange={(to) => onChange({ kind: to })} />
        {kind === 'equals' ? (
          <TextArea
            label={TEXTS.values}
            name={`${place}.equals`}
            error={problems[`${place}.equals`]}
            rows={2}
            {...value}
          />
        ) : (
          <TextField
            label={TEXTS.beginning}
            name={`${place}.startsWith`}
            error={problems[`${place}.startsWith`]}
            {...value}
          />
        )}
      </div>
      {onRemove !== undefined && <IconButton icon="trash" label={TEXTS.removeMatch(index + 1)} onPress={onRemove} />}
    </div>
  );
}
