import type { AuditHeads, AuditSigner, MovedChain } from '../ports/audit-heads.ts';
import type { Metrics } from '../ports/metrics.ts';

export interface SignAuditHeadsDeps {
  readonly heads: Pick<AuditHeads, 'moved' | 'add'>;
  readonly signer: AuditSigner;
  /** Names this process. */
  readonly instance: string;
  readonly metrics: Pick<Metrics, 'headsSigned' | 'chainsBroken'>;
  readonly now: () => number;
  /** Called with the projects whose chain no longer holds a head that was signed. */
  readonly onBroken: (projectIds: readonly string[]) => void;
}

/**
 * Signs the head of every chain that moved. A chain that does not hold its last signed head was cut or written anew: it
 * is reported, and not signed again, so that no later signature covers the change up.
 */
export function signAuditHeads({ heads, signer, instance, metrics, now, onBroken }: SignAuditHeadsDeps) {
  return async (): Promise<void> => {
    const moved = await heads.moved();
    const broken = moved.filter((chain) => !continuesSigned(chain)).map(({ head }) => head.projectId);
    metrics.chainsBroken(broken.length);
    if (broken.length > 0) onBroken(broken);
    const toSign = moved.filter(continuesSigned);
    if (toSign.length === 0) return;
    await signer.refresh();
    const signedAt = new Date(now()).toISOString();
    await heads.add(toSign.map(({ head }) => signer.sign({ ...head, signedAt, instance })));
    metrics.headsSigned(toSign.length);
  };
}

function continuesSigned({ head, signed, hashAtSigned }: MovedChain): boolean {
  return signed === null || (head.sequence > signed.sequence && hashAtSigned === signed.hash);
}
