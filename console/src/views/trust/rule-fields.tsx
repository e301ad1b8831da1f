import type { ReactNode } from 'react';
import type { LeasePurpose } from '../../api/generated/graphql.ts';
import { Banner } from '../../components/banner.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { ComboBox } from '../../components/combo-box.tsx';
import { ErrorText, fieldStyles, useFieldError } from '../../components/field.tsx';
import { FieldRow } from '../../components/form.tsx';
import { Marked } from '../../components/marked.tsx';
import { TextArea, TextField } from '../../components/text-field.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { RULE_FORM as TEXTS } from '../../texts/trust.ts';
import { MatchRows } from './match-rows.tsx';
import { RegistryPicker } from './registry-picker.tsx';
import { READ, type RuleDraft, USE } from './rule-draft.ts';
import type { ShownReview } from './rule-review.ts';
import css from './trust.module.css';

interface RuleFieldsProps {
  readonly projectId: string;
  readonly draft: RuleDraft;
  readonly onChange: (change: Partial<RuleDraft>) => void;
  /** Names of claims to propose. */
  readonly claims: readonly string[];
  /** What the service says of it so far. */
  readonly review: ShownReview;
}

const PURPOSES: readonly LeasePurpose[] = ['PULL', 'PUSH'];

function toggled<One>(all: readonly One[], chosen: readonly One[], one: One, isChosen: boolean): One[] {
  return all.filter((item) => (item === one ? isChosen : chosen.includes(item)));
}

export function RuleFields({ projectId, draft, onChange, claims, review }: RuleFieldsProps) {
  const { problems, others, warnings, ofPasswords } = review;
  const { can } = usePermissions(projectId);
  const permission = (one: string, mine: boolean, label: string, help: string) => (
    <Checkbox
      isSelected={draft.permissions.includes(one)}
      // What is there already can be taken away.
      isDisabled={!mine && !draft.permissions.includes(one)}
      onChange={(is) => onChange({ permissions: toggled([USE, READ], draft.permissions, one, is) })}
      help={mine ? help : TEXTS.notYours}
    >
      {label}
    </Checkbox>
  );
  const purpose = (one: LeasePurpose, label: string, help?: string) => (
    <Checkbox
      isSelected={draft.purposes.includes(one)}
      onChange={(is) => onChange({ purposes: toggled(PURPOSES, draft.purposes, one, is) })}
      help={help}
    >
      {label}
    </Checkbox>
  );
  const options = claims.map((id) => ({ id, label: id }));
  return (
    <>
      <TextField
        label={TEXTS.name}
        name="name"
        help={TEXTS.nameHelp}
        error={problems.name}
        value={draft.name}
        onChange={(name) => onChange({ name })}
        maxLength={100}
        autoComplete="off"
      />
      <TextField
        label={TEXTS.issuer}
        name="issuer"
        help={TEXTS.issuerHelp}
        error={problems.issuer}
        value={draft.issuer}
        onChange={(issuer) => onChange({ issuer })}
        mono
        autoComplete="off"
        spellCheck="false"
      />
      <MatchRows
        matches={draft.matches}
        onChange={(matches) => onChange({ matches })}
        claims={claims}
        problems={problems}
        warnings={warnings}
      />
      <Choices name="permissions" label={TEXTS.permissions} error={problems.permissions}>
        {permission(USE, can('registry:use'), TEXTS.use, TEXTS.useHelp)}
        {permission(READ, can('registry:read'), TEXTS.read, TEXTS.readHelp)}
      </Choices>
      <Choices name="purposes" label={TEXTS.purposes} error={problems.purposes}>
        {purpose('PULL', TEXTS.pull)}
        {purpose('PUSH', TEXTS.push, TEXTS.pushHelp)}
      </Choices>
      <RegistryPicker
        projectId={projectId}
        ids={draft.registryIds}
        onChange={(registryIds) => onChange({ registryIds })}
        error={problems.registryIds}
      />
      <TextArea
        label={TEXTS.repositories}
        name="repositories"
        optional
        help={TEXTS.repositoriesHelp}
        error={problems.repositories}
        value={draft.repositories}
        onChange={(repositories) => onChange({ repositories })}
        rows={2}
        mono
        spellCheck="false"
      />
      <FieldRow>
        <ComboBox
          label={TEXTS.pipelineClaim}
          name="pipelineClaim"
          help={TEXTS.pipelineHelp}
          error={problems.pipelineClaim}
          value={draft.pipelineClaim}
          onChange={(pipelineClaim) => onChange({ pipelineClaim })}
          options={options}
          mono
        />
        <ComboBox
          label={TEXTS.runIdClaim}
          name="runIdClaim"
          optional
          help={TEXTS.runHelp}
          error={problems.runIdClaim}
          value={draft.runIdClaim}
          onChange={(runIdClaim) => onChange({ runIdClaim })}
          options={options}
          mono
        />
      </FieldRow>
      <Checkbox
        isSelected={draft.allowPassword}
        onChange={(allowPassword) => onChange({ allowPassword })}
        help={TEXTS.allowPasswordHelp}
      >
        {TEXTS.allowPassword}
      </Checkbox>
      {draft.allowPassword && ofPasswords.length > 0 && (
        <Banner kind="warning" title={<Marked text={ofPasswords.join(' ')} />}>
          {TEXTS.allowPasswordBetter}
        </Banner>
      )}
      {others.length > 0 && <Banner kind="warning" title={others.join(' ')} />}
    </>
  );
}

interface ChoicesProps {
  readonly name: string;
  readonly label: string;
  readonly error: string | undefined;
  readonly children: ReactNode;
}

/** Boxes that belong together, with what the service said of them. */
function Choices(props: ChoicesProps) {
  const error = useFieldError(props.name, props.error);
  return (
    <fieldset className={css.group} data-field={props.name}>
      <legend className={css.legend}>{props.label}</legend>
      {props.children}
      {error !== undefined && (
        <p className={fieldStyles.error} role="alert">
          <ErrorText>{error}</ErrorText>
        </p>
      )}
    </fieldset>
  );
}
