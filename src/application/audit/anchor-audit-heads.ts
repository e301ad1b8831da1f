import type { SignedAuditHead } from '../../domain/audit-head.ts';
import { OperatorError } from '../../domain/errors.ts';
import type { AuditHeads } from '../ports/audit-heads.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { AnchorKind, Metrics } from '../ports/metrics.ts';
import { anchoredUpTo, anchorProgress } from './anchor-progress.ts';

/** About 170 KB. */
const BATCH = 500;
/** So that an anchor that was away for long does not keep the rest waiting. */
const MAX_BATCHES = 20;

/** A place outside the database for signed heads. */
export interface AuditAnchor {
  readonly kind: AnchorKind;
  /** Durable, or accepted by the other side, when it resolves. The same heads may come again. */
  put(heads: readonly SignedAuditHead[]): Promise<void>;
}

export interface AnchorAuditHeadsDeps {
  readonly heads: Pick<AuditHeads, 'reached' | 'waitingSince' | 'unanchored' | 'anchored'>;
  readonly authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>;
  readonly anchors: readonly AuditAnchor[];
  readonly metrics: Pick<Metrics, 'anchorFailed'>;
  readonly onFault: (anchor: AnchorKind, error: unknown) => void;
}

/** Somebody wrote to the database, to keep heads from an anchor. */
class AnchorRecordForged extends OperatorError {
  override readonly name = 'AnchorRecordForged';
}

/**
 * Brings the heads that each anchor lacks. A fault is reported, and the next run tries again. No command waits for an
 * anchor.
 */
export function anchorAuditHeads(deps: AnchorAuditHeadsDeps): () => Promise<void> {
  const { heads, authenticator, anchors, metrics, onFault } = deps;
  /** What this process brought itself. */
  const brought = new Map<AnchorKind, number>();

  function failed(kind: AnchorKind, error: unknown): void {
    metrics.anchorFailed(kind);
    onFault(kind, error);
  }

  /** After a forgery, heads may come twice. */
  async function startOf(kind: AnchorKind): Promise<number> {
    const { number, isForged } = await anchorProgress(kind, deps);
    if (!isForged) return number;
    failed(
      kind,
      new AnchorRecordForged(
        'How far the anchor is was changed by somebody other than Purser (log.anchored_heads): the heads are brought again.',
      ),
    );
    return brought.get(kind) ?? 0;
  }

  async function bring({ kind, put }: AuditAnchor): Promise<void> {
    try {
      let number = await startOf(kind);
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const lacking = await heads.unanchored(number, BATCH);
        const last = lacking.at(-1);
        if (last === undefined) break;
        await put(lacking.map(({ head }) => head));
        number = last.number;
        brought.set(kind, number);
        await heads.anchored(kind, number, authenticator.signText(anchoredUpTo(kind, number)));
      }
    } catch (error) {
      failed(kind, error);
    }
  }

  return async () => {
    await Promise.all(anchors.map(bring));
  };
}
