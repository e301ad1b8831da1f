import { EVENT_TYPES } from './events.ts';
import { markdownTable } from './markdown-table.ts';

/** What the audit log calls each thing that is done or attempted, with what an entry of it says. */
export const AUDIT_ACTIONS = {
  CREATE_REGISTRY: 'A registry was created.',
  UPDATE_REGISTRY: "A registry's details changed.",
  ROTATE_CREDENTIAL: 'A credential was replaced at once.',
  STAGE_CREDENTIAL: 'The next version of a credential was stored beside the current one.',
  REQUEST_SUCCESSOR: 'An issuer is being asked for the next version of a credential. `changes` has its label there.',
  DISCARD_SUCCESSOR: 'What an issuer was asked for was not staged in time and is given up.',
  REVOKE_SUCCESSOR:
    'What an issuer created is revoked there. If it FAILED, the reason in `changes` says more: unless it is TRIED_AGAIN, revoke by hand what has the label there.',
  ACTIVATE_CREDENTIAL: 'The staged version became the current one.',
  ABANDON_STAGED_CREDENTIAL: 'The staged version was destroyed.',
  RETIRE_CREDENTIAL: 'A version was destroyed after its grace.',
  LINK_PIPELINE: 'A pipeline was linked to a registry by hand, or its note changed.',
  UNLINK_PIPELINE: 'Such a link was taken back.',
  REVOKE_LEASES: 'All active leases of a registry were ended. `changes` has their number, and each has a REVOKE_LEASE.',
  DELETE_REGISTRY: 'A registry was deleted.',
  DISCARD_PENDING_SECRET: 'A password was destroyed whose change was never finished.',
  LEARN_EXPIRY: 'The registry told when its credential expires.',
  TEST_REGISTRY: 'A stored credential was tested.',
  TEST_STAGED_CREDENTIAL:
    'An attempt to test a staged version. What the test found is a TEST_REGISTRY for each of the two versions.',
  TEST_CREDENTIALS: 'A credential that is not stored was tested.',
  ISSUE_CREDENTIAL:
    'A credential left under a lease. If the same lease was handed out again, `changes` has `repeated`.',
  ISSUE_CREDENTIALS: 'An attempt to have several credentials issued. Each that left is an ISSUE_CREDENTIAL.',
  REPORT_AUTHENTICATION_FAILURE: 'A pipeline told that the registry refused its credential.',
  RELEASE_LEASE: 'A lease was released.',
  REVOKE_LEASE: 'A lease was ended with all others of its registry.',
  REPLAY_WEBHOOK_DELIVERY: 'A notice was sent to a webhook again.',
  READ_AUDIT_LOG:
    'The audit log was read. One entry a subject and minute stands for all its reads, whichever query they used.',
  EXPORT_AUDIT_LOG: 'The audit log was exported over HTTP.',
  READ_AUDIT_HEADS: 'An attempt to read the signed heads of the audit log.',
  READ_AUDIT_KEYS: 'An attempt to read the keys that sign audit logs.',
  READ_AUDIT_HISTOGRAM: 'An attempt to read the histogram of the audit log.',
  CREATE_CALENDAR_FEED: 'A calendar feed was created.',
  REVOKE_CALENDAR_FEED: 'A calendar feed was revoked.',
  CREATE_TRUST_RULE: 'A trust rule was created. `changes` has all that it says.',
  UPDATE_TRUST_RULE: 'A trust rule was changed.',
  DELETE_TRUST_RULE: 'A trust rule was deleted.',
  CHECK_TRUST: 'Somebody asked what a token would be granted; `changes` has its issuer, its subject and the answer.',
  READ_TRUST_RULES: 'An attempt to list trust rules.',
  READ_REVIEW_TRUST_RULE: 'An attempt to have a trust rule reviewed before it is saved.',
  READ_CALENDAR_FEEDS: 'An attempt to list calendar feeds.',
  READ_REGISTRIES: 'An attempt to list registries.',
  READ_REGISTRY: 'An attempt to read a registry.',
  READ_REGISTRY_AS_OF: 'An attempt to read a registry as it stood at a moment.',
  READ_REGISTRY_HISTORY: 'An attempt to read the audit log of one registry.',
  READ_REGISTRY_BY_URL: 'An attempt to read a registry by its URL.',
  READ_REGISTRY_USE: 'An attempt to read how a registry is used.',
  READ_RESOLVE_IMAGE: 'An attempt to find the registry of an image.',
  READ_LEASES: 'An attempt to list leases.',
  READ_LINKED_PIPELINES: 'An attempt to list the pipelines that are linked to a registry.',
  READ_CHANGE_IMPACT: 'An attempt to read who would notice a rotation or a deletion.',
  READ_ROTATION_NOTICES: 'An attempt to list notices.',
  READ_WEBHOOKS: 'An attempt to list webhooks.',
  READ_WEBHOOK_DELIVERIES: 'An attempt to list deliveries to webhooks.',
  SUBSCRIBE_ROTATION_NOTICES: 'An attempt to follow notices.',
  SUBSCRIBE_REGISTRY_CHANGES: 'An attempt to follow changes of registries.',
  AUTHENTICATE:
    'Calls with refused tokens, counted by source, reason and minute. In the log of a project are those whose verified token names it.',
  OTHER_ATTEMPTS: 'Denied or failed attempts of several kinds, counted together because there were too many.',
  REFUSE_FORGED_EVENT: 'An event was found that Purser did not write; `changes` says which one.',
} as const satisfies Readonly<Record<string, string>>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** Whether entries can have this action. An event that could not be applied has its type as action. */
export function isAuditAction(text: string): boolean {
  return Object.hasOwn(AUDIT_ACTIONS, text) || Object.hasOwn(EVENT_TYPES, text);
}

const MAX_SIMILAR = 5;

/** Actions that share a word with the text, the most similar first. */
export function similarActions(text: string): string[] {
  const words = new Set(text.toUpperCase().split(/[^A-Z]+/));
  const shared = (action: string) => action.split('_').filter((word) => words.has(word)).length;
  return Object.keys(AUDIT_ACTIONS)
    .map((action) => ({ action, words: shared(action) }))
    .filter(({ words: count }) => count > 0)
    .sort((one, other) => other.words - one.words)
    .slice(0, MAX_SIMILAR)
    .map(({ action }) => action);
}

/** As Markdown. */
export function actionsTable(): string {
  return markdownTable(
    ['action', 'what an entry says'],
    Object.entries(AUDIT_ACTIONS).map(([action, says]) => [`\`${action}\``, says]),
  );
}
