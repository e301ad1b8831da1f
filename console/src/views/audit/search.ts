import { instant, known, oneOf, type RawSearch, text } from '../../app/search-params.ts';

const OUTCOMES = ['SUCCEEDED', 'FAILED', 'DENIED'] as const;

export type AuditSearch = ReturnType<typeof auditSearch>;

/** The names are those of the API's filter; `entry` is the opened one. */
export function auditSearch(raw: RawSearch) {
  return known({
    search: text(raw.search, 200),
    actor: text(raw.actor),
    action: text(raw.action, 64),
    outcome: oneOf(raw.outcome, OUTCOMES),
    code: text(raw.code, 64),
    pipeline: text(raw.pipeline),
    runId: text(raw.runId),
    registryId: text(raw.registryId, 64),
    leaseId: text(raw.leaseId, 64),
    requestId: text(raw.requestId, 128),
    from: instant(raw.from),
    to: instant(raw.to),
    entry: text(raw.entry, 64),
  });
}
