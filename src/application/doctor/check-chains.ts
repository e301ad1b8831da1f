import type { KeyObject } from 'node:crypto';
import { SERVICE_LOG } from '../../domain/audit-head.ts';
import {
  type AuditFault,
  type AuditVerdict,
  type ChainPlace,
  createAuditVerifier,
} from '../../domain/audit-verification.ts';
import { counted, createExamples, type Finding, failed, ok } from '../../domain/doctor-report.ts';
import { linesOfText } from '../lines-of-text.ts';

export interface CheckChainsDeps {
  /** Whose audit logs there are; empty for the service's own log. */
  readonly projects: AsyncIterable<string>;
  /** The text of an export in NDJSON, in any pieces. */
  readonly exportLog: (projectId: string) => AsyncIterable<string>;
  /** The last entry of the log's archives that the table goes on from; undefined if it has all entries. */
  readonly removedUpTo: (projectId: string) => Promise<ChainPlace | undefined>;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly onProgress: (entries: number) => void;
}

/** Of which the signatures tell. All other faults are of the chain itself. */
const OF_HEADS: readonly AuditFault[] = ['WRONG_KEY', 'REWRITTEN'];
const FIX =
  'Somebody changed the tables. Keep a copy, export the log and verify it with its anchor; purser rebuild makes the chains anew from the events, and refuses if they are then not what was signed.';

/** Recomputes every entry of every chain, from the end of its archives on, and verifies every signed head, as `purser audit verify` does. */
export async function checkChains(
  deps: CheckChainsDeps,
): Promise<{ readonly chains: Finding; readonly heads: Finding }> {
  const brokenChains = createExamples();
  const brokenHeads = createExamples();
  let entries = 0;
  let logs = 0;
  let heads = 0;
  for await (const projectId of deps.projects) {
    note(projectId, await verdictOf(projectId));
    logs += 1;
  }

  /** Once more where entries were archived meanwhile: what is left then begins at another place. */
  async function verdictOf(projectId: string): Promise<AuditVerdict> {
    for (;;) {
      const after = await deps.removedUpTo(projectId);
      const isAsItWas = async () => (await deps.removedUpTo(projectId))?.sequence === after?.sequence;
      try {
        const found = await verify(projectId, after);
        if (found.verdict.finding !== undefined && !(await isAsItWas())) continue;
        entries += found.entries;
        heads += found.heads;
        return found.verdict;
      } catch (error) {
        if (await isAsItWas()) throw error;
      }
    }
  }

  async function verify(projectId: string, after: ChainPlace | undefined) {
    const verifier = createAuditVerifier({ publicKeys: deps.publicKeys, after });
    const found = { entries: 0, heads: 0 };
    for await (const line of linesOfText(deps.exportLog(projectId))) {
      verifier.take(line);
      if (line.startsWith('{"record":"head"')) found.heads += 1;
      if (line.startsWith('{"record":"entry"')) deps.onProgress(entries + ++found.entries);
    }
    return { ...found, verdict: verifier.end() };
  }

  function note(projectId: string, { finding }: AuditVerdict): void {
    if (finding === undefined) return;
    const { sequence, fault } = finding;
    const whose = projectId === SERVICE_LOG ? "the service's own log" : `project ${projectId}`;
    (OF_HEADS.includes(fault) ? brokenHeads : brokenChains).add(`${whose}, entry ${sequence} (${fault})`);
  }

  return {
    chains:
      brokenChains.count === 0
        ? ok(`${counted(entries, 'entry', 'entries')} of ${counted(logs, 'log')} recomputed`)
        : failed(`${counted(brokenChains.count, 'chain')} broken: ${brokenChains.text}`, FIX),
    heads:
      brokenHeads.count === 0
        ? ok(`${counted(heads, 'signature')} verified`)
        : failed(`${counted(brokenHeads.count, 'log')} not as it was signed: ${brokenHeads.text}`, FIX),
  };
}
