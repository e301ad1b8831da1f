import { useApiQuery } from '../../api/use-api-query.ts';
import { Button } from '../../components/button.tsx';
import { type KeyValue, KeyValueList } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';
import { foundProject, RESULT } from '../../texts/audit-verify.ts';
import { AUDIT_ENTRIES } from '../audit/operations.ts';
import { type Difference, differences, timesAround } from './compare.ts';
import styles from './finding-details.module.css';
import type { Asked } from './start.ts';
import type { ChainedEntry } from './verification/entries.ts';
import type { Finding } from './verification/findings.ts';
import type { VerificationReport } from './verification/run.ts';

interface FindingDetailsProps {
  readonly report: VerificationReport;
  readonly asked: Asked;
  readonly finding: Finding;
  readonly onConfirmPart: (part: Pick<Asked, 'from' | 'to'>) => void;
}

/** Where the first bad row is, and what differs there. */
export function FindingDetails({ report, asked, finding, onConfirmPart }: FindingDetailsProps) {
  const { header, last } = report.verdict;
  const { fault, sequence, foundProject: other, because } = finding;
  const isPart = fault === 'OTHER_PART' && header !== undefined;
  return (
    <div className={styles.details}>
      <p className={styles.place}>
        {placeOf(report, finding)}
        {sequence > 0 && `, ${RESULT.entry(sequence)}`}
      </p>
      {other !== undefined && <p>{foundProject(other, asked.projectId)}</p>}
      {because !== undefined && <p>{RESULT.because[because]}</p>}
      {isPart && <p>{RESULT.part(header.from, header.to)}</p>}
      {isPart && (header.from !== null || header.to !== null) && (
        <div>
          <Button onPress={() => onConfirmPart({ from: header.from, to: header.to })}>{RESULT.confirmPart}</Button>
        </div>
      )}
      <KeyValueList entries={hashesOf(finding)} />
      {finding.entry !== undefined && (
        <Comparison projectId={asked.projectId} finding={finding} entry={finding.entry} />
      )}
      {!isPart && other === undefined && <p className={styles.upTo}>{RESULT.upTo(last)}</p>}
    </div>
  );
}

function placeOf({ files, verdict }: VerificationReport, { line, file, anchorLine, anchorFile }: Finding): string {
  if (anchorLine !== undefined) {
    return anchorFile === undefined ? RESULT.anchorLine(anchorLine) : RESULT.where(anchorLine, anchorFile);
  }
  if (line === 0) return RESULT.byHeads;
  const name = files.length > 1 || verdict.header === undefined ? files[file] : undefined;
  return RESULT.where(line, name === '' ? undefined : name);
}

function hashesOf({ expectedHash, foundHash, fault, keyId }: Finding): KeyValue[] {
  return [
    { label: fault === 'REWRITTEN' ? RESULT.expectedSigned : RESULT.expected, value: expectedHash, mono: true },
    { label: RESULT.found, value: expectedHash === undefined ? undefined : foundHash, mono: true },
    { label: RESULT.signedBy, value: keyId, mono: true },
  ];
}

interface ComparisonProps {
  readonly projectId: string;
  readonly finding: Finding;
  readonly entry: ChainedEntry;
}

/** A hash only says that something differs. What the service has at that place may say what. */
function Comparison({ projectId, finding, entry }: ComparisonProps) {
  const { before, after, sequence } = finding;
  const times = timesAround({ before, after, at: entry.occurredAt });
  const { data } = useApiQuery(AUDIT_ENTRIES, { projectId, filter: times ?? {} }, { enabled: times !== undefined });
  const known = data?.auditLog.nodes.find((node) => node.sequence === sequence);
  if (known === undefined) return null;
  const different = differences(entry, entryOf(known));
  if (different.length === 0) return <p>{RESULT.same}</p>;
  return (
    <section>
      <h3 className={styles.heading}>{RESULT.differs}</h3>
      <Table<Difference>
        label={RESULT.differs}
        rows={different}
        rowKey={({ field }) => field}
        columns={[
          { id: 'field', label: RESULT.field, isTitle: true, cell: ({ field }) => <code>{field}</code> },
          { id: 'found', label: RESULT.inFile, cell: ({ found }) => <span className={styles.text}>{found}</span> },
          {
            id: 'service',
            label: RESULT.inService,
            cell: ({ service }) => <span className={styles.text}>{service}</span>,
          },
        ]}
      />
    </section>
  );
}

type Node = { readonly [Field in keyof ChainedEntry]?: unknown } & { readonly sequence: number };

/** What the query leaves undefined is null in an export. */
function entryOf(node: Node): ChainedEntry {
  return node as ChainedEntry;
}
