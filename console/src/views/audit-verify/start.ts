import type { Api } from '../../api/client.ts';
import type { AuditHeadsQuery } from '../../api/generated/graphql.ts';
import type { TokenSource } from '../../api/token-source.ts';
import { openExport } from '../audit/export-request.ts';
import { AUDIT_HEADS } from './operations.ts';
import type { SignedHead } from './verification/heads.ts';
import type { VerificationProgress } from './verification/run.ts';
import { startVerification, type VerificationResult } from './verifier.ts';

export interface Asked {
  readonly projectId: string;
  /** Undefined: the whole log, as the service gives it now. */
  readonly files: readonly File[] | undefined;
  readonly from: string | null;
  readonly to: string | null;
  readonly publicKeys: readonly string[];
}

/** At most one head a minute: those of a day and a half of a busy log. An export in NDJSON has its own besides. */
const MOST_PAGES = 20;

/** The newest heads that the service signed. */
async function readHeads(api: Api, projectId: string, pages: number, signal: AbortSignal): Promise<SignedHead[]> {
  const heads: SignedHead[] = [];
  let after: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const { auditHeads }: AuditHeadsQuery = await api.request(AUDIT_HEADS, { projectId, after }, { signal });
    heads.push(...auditHeads.nodes.map((head) => ({ ...head, project: projectId })));
    if (!auditHeads.pageInfo.hasNextPage) break;
    after = auditHeads.pageInfo.endCursor ?? null;
  }
  return heads;
}

/** @throws ApiError, OfflineError, SignedOutError, and what broke the stream */
export async function verify(
  { api, tokens }: { readonly api: Api; readonly tokens: TokenSource },
  { projectId, files, from, to, publicKeys }: Asked,
  signal: AbortSignal,
  onProgress: (progress: VerificationProgress) => void,
): Promise<VerificationResult> {
  const isLive = files === undefined;
  // Before the log: what was signed by now must be in it. Of a file that was dropped none of this is certain.
  const heads = await readHeads(api, projectId, isLive ? 1 : MOST_PAGES, signal);
  const task = { project: projectId, publicKeys, from, to, heads, isLive };
  const subject = isLive ? { stream: await openExport(tokens, { projectId, format: 'ndjson' }, signal) } : { files };
  signal.throwIfAborted();
  const running = startVerification(task, subject, onProgress);
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      running.cancel();
      reject(signal.reason);
    });
  });
  return Promise.race([running.result, cancelled]);
}
