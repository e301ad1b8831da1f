import type { SignedAuditHead } from '../domain/audit-head.ts';
import type { AuditHeads } from './ports/audit-heads.ts';
import type { AnchorKind, Metrics } from './ports/metrics.ts';

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
  readonly heads: Pick<AuditHeads, 'unanchored' | 'anchored'>;
  readonly anchors: readonly AuditAnchor[];
  readonly metrics: Pick<Metrics, 'anchorFailed'>;
  readonly now: () => number;
  readonly onFault: (anchor: AnchorKind, error: unknown) => void;
}

export interface AnchorAuditHeads {
  /** Brings the heads that each anchor lacks. A fault is reported, and the next run tries again. */
  run(): Promise<void>;
  /** Since when each anchor that fails has failed, in milliseconds since 1970. */
  readonly failingSince: ReadonlyMap<AnchorKind, number>;
}

/** No command waits for an anchor. */
export function anchorAuditHeads({ heads, anchors, metrics, now, onFault }: AnchorAuditHeadsDeps): AnchorAuditHeads {
  const failingSince = new Map<AnchorKind, number>();

  async function bring({ kind, put }: AuditAnchor): Promise<void> {
    try {
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const lacking = await heads.unanchored(kind, BATCH);
        const last = lacking.at(-1);
        if (last === undefined) break;
        await put(lacking.map(({ head }) => head));
        await heads.anchored(kind, last.number);
      }
      failingSince.delete(kind);
    } catch (error) {
      if (!failingSince.has(kind)) failingSince.set(kind, now());
      metrics.anchorFailed(kind);
      onFault(kind, error);
    }
  }

  return {
    async run() {
      await Promise.all(anchors.map(bring));
    },
    failingSince,
  };
}
