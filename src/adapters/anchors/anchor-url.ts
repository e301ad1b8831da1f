import type { Egress } from '../../application/ports/egress.ts';
import { headLine } from '../../domain/audit-export.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import type { Secret } from '../../domain/secret.ts';

/**
 * Posts heads as NDJSON, through the guard of everything that goes out. Any 2xx means that the other side keeps them.
 * `authorization`: the value of that header.
 */
export function createAnchorUrl(url: Secret, authorization: Secret | undefined, egress: Pick<Egress, 'request'>) {
  return {
    async put(heads: readonly SignedAuditHead[]): Promise<void> {
      const { status } = await egress.request({
        url: url.reveal(),
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          ...(authorization && { authorization: authorization.reveal() }),
        },
        body: heads.map((head) => `${headLine(head)}\n`).join(''),
      });
      if (status < 200 || status > 299) throw new Error(`the anchor answered with status ${status}`);
    },
  };
}
