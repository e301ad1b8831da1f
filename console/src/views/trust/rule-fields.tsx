import type { ReactNode } from 'react';
import type { LeasePurpose } from '../../api/generated/graphql.ts';
import { Banner } from '../../components/banner.tsx';
import { Checkbox } from '../../components/checkbox.tsx';
import { ComboBox } from '../../components/combo-box.tsx';
import { ErrorText, fieldStyles, useFieldError } from '../../components/field.tsx';
import { FieldRow } from '../../components/form.tsx';
import { TextArea, TextField } from '../../components/text-field.tsx';
import { usePermissions } from '../../session/permissions.ts';
import { RULE_FORM as TEXTS } from '../../texts/trust.ts';
import { MatchRows } from './match-rows.tsx';
import { RegistryPicker } from './registry-picker.tsx';
import { READ, type RuleDraft, USE } from './rule-draft.ts';
import css from './trust.module.css';

interface RuleFieldsProps {
  readonly projectId: string;
  readonly draft: RuleDraft;
  readonly onChange: (change: Partial<RuleDraft>) => void;
  /** Names of claims to propose. */
  readonly claims: readonly string[];
}

const PURPOSES: readonly LeasePurpose[] = ['PULL', 'PUSH'];

function toggled<One>(all: readonly One[], chosen: readonly One[], one: One, isChosen: boolean): One[] {
  return all.filter((item) => (item === one ? isChosen : chosen.includes(item)));
}

export function RuleFields({ projectId, draft, onChange, claims }: RuleFieldsProps) {
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
        value={draft.name}
        onChange={(name) => onChange({ name })}
        maxLength={100}
        autoComplete="off"
      />
      <TextField
        label={TEXTS.issuer}
        name="issuer"
        help={TEXTS.issuerHelp}
        value={draft.issuer}
        onChange={(issuer) => onChange({ issuer })}
        mono
        autoComplete="off"
        spellCheck="false"
      />
      <MatchRows matches={draft.matches} onChange={(matches) => onChange({ matches })} claims={claims} />
      <Choices name="permissions" label={TEXTS.permissions}>
        {permission(USE, can('registry:use'), TEXTS.use, TEXTS.useHelp)}
        {permission(READ, can('registry:read'), TEXTS.read, TEXTS.readHelp)}
      </Choices>
      <Choices name="purposes" label={TEXTS.purposes}>
        {purpose('PULL', TEXTS.pull)}
        {purpose('PUSH', TEXTS.push, TEXTS.pushHelp)}
      </Choices>
      <RegistryPicker
        projectId={projectId}
        ids={draft.registryIds}
        onChange={(registryIds) => onChange({ registryIds })}
      />
      <TextArea
        label={TEXTS.repositories}
        name="repositories"
        optional
        help={TEXTS.repositoriesHelp}
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
      {draft.allowPassword && <Banner kind="warning" title={TEXTS.allowPasswordWarning} />}
    </>
  );
}

/** Boxes that belong together, with what the service said of them. */
function Choices(props: { readonly name: string; readonly label: string; readonly children: ReactNode }) {
  const error = useFieldError(props.name, undefined);
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
