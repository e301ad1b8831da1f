import type { AuditChange } from '../audit-entry.ts';
import type {
  TrustChecked,
  TrustRuleCreated,
  TrustRuleDeleted,
  TrustRuleDetails,
  TrustRuleUpdated,
} from './trust-rule.ts';

/** What the audit log shows of a new rule: all that it says. */
export function createdRule({ ruleId, projectId: _inEntry, ...details }: TrustRuleCreated['data']): AuditChange[] {
  return [{ field: 'rule', from: null, to: ruleId }, ...changesOf({}, details)];
}

/** The name is shown even if it stays, so that people recognise the rule. */
export function updatedRule({ ruleId, name, from, to }: TrustRuleUpdated['data']): AuditChange[] {
  return [{ field: 'rule', from: ruleId, to: ruleId }, ...changesOf({ name, ...from }, { name, ...to })];
}

export function deletedRule({ ruleId, name }: TrustRuleDeleted['data']): AuditChange[] {
  return [
    { field: 'rule', from: ruleId, to: null },
    { field: 'name', from: name, to: null },
  ];
}

export function checkedToken({ issuer, subject, granted }: TrustChecked['data']): AuditChange[] {
  return [
    { field: 'issuer', from: null, to: issuer },
    { field: 'subject', from: null, to: subject },
    { field: 'granted', from: null, to: String(granted) },
  ];
}

function changesOf(from: Partial<TrustRuleDetails>, to: Partial<TrustRuleDetails>): AuditChange[] {
  return (Object.keys(to) as (keyof TrustRuleDetails)[])
    .map((field) => ({ field, from: told(from[field]), to: told(to[field]) }))
    .filter((change) => change.field === 'name' || change.from !== change.to);
}

/** Lists as JSON, so that no value can look like two; an empty list as nothing. */
function told(value: TrustRuleDetails[keyof TrustRuleDetails] | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value.length === 0 ? null : JSON.stringify(value);
}
