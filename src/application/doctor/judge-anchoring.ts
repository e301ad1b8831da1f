import { type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { type AnchorProgress, anchorFault } from '../audit/anchor-progress.ts';
import type { AnchorKind } from '../ports/metrics.ts';

const SETTINGS: Readonly<Record<AnchorKind, string>> = { file: 'AUDIT_ANCHOR_FILE', url: 'AUDIT_ANCHOR_URL' };

/** Whether the heads that are signed reach the anchors. `now` in milliseconds since 1970. */
export function judgeAnchoring(
  anchors: readonly (AnchorProgress & { readonly kind: AnchorKind })[],
  now: number,
): Finding {
  const faults = anchors.flatMap((anchor) => {
    const fault = anchorFault(anchor, now);
    return fault === undefined ? [] : [`${SETTINGS[anchor.kind]}: ${fault}`];
  });
  if (faults.length > 0) {
    const fix = anchors.some(({ isForged }) => isForged)
      ? 'Find out who can write to the database. The service brings the heads again when it runs.'
      : 'Start the service, and look for "signed heads of audit logs cannot be put there" in its log.';
    return failed(faults.join('; '), fix);
  }
  if (anchors.length === 0) return ok('no anchor is configured');
  return ok(`${anchors.map(({ kind }) => SETTINGS[kind]).join(' and ')} gets the heads that are signed`);
}
