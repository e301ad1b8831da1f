import type { ReactNode } from 'react';
import { Banner } from '../../components/banner.tsx';
import { Card } from '../../components/card.tsx';
import { FAULTS, KEYS, RESULT } from '../../texts/audit-verify.ts';
import { FindingDetails } from './finding-details.tsx';
import type { OfferedKey } from './keys.ts';
import styles from './result.module.css';
import type { Asked } from './start.ts';
import type { VerificationReport } from './verification/run.ts';

interface ResultProps {
  readonly report: VerificationReport;
  readonly asked: Asked;
  readonly seconds: number;
  readonly keys: readonly OfferedKey[];
  /** The reader says that what the file says of its limits is what they asked for. */
  readonly onConfirmPart: (part: Pick<Asked, 'from' | 'to'>) => void;
}

/** What the verification found, the most important first. */
export function Result(props: ResultProps) {
  const { report, seconds } = props;
  const { finding, entries } = report.verdict;
  return (
    <Card>
      <div className={styles.result}>
        {finding === undefined ? <Whole {...props} /> : <Found {...props} />}
        <Notes report={report} />
        <p className={styles.took}>{RESULT.took(entries, seconds)}</p>
      </div>
    </Card>
  );
}

function Whole({ report, asked, keys }: ResultProps) {
  const { vouched, entries, last } = report.verdict;
  const isPart = asked.from !== null || asked.to !== null || report.form === 'csv';
  if (vouched === undefined) {
    return (
      <Banner kind="warning" title={RESULT.unsignedTitle}>
        <p>{RESULT.entries(entries, last - entries + 1, last)}</p>
        <p>{report.checksSignatures ? RESULT.notVouched : KEYS.noneChosen}</p>
      </Banner>
    );
  }
  const key = keys.find(({ keyId }) => keyId === vouched.keyId);
  return (
    <Banner kind="success" title={isPart ? RESULT.partTitle : RESULT.wholeTitle}>
      <p>
        {RESULT.vouched(vouched.sequence, vouched.signedAt, vouched.keyId)}{' '}
        {key?.origin === 'service' ? RESULT.trustService : RESULT.trustPinned}
      </p>
      <p>{RESULT.entries(entries, last - entries + 1, last)}</p>
      {last > vouched.sequence && <p>{RESULT.later(last - vouched.sequence)}</p>}
    </Banner>
  );
}

function Found(props: ResultProps) {
  const { finding } = props.report.verdict;
  if (finding === undefined) return null;
  const isOther = finding.fault === 'OTHER_PART' || finding.fault === 'OTHER_PROJECT';
  return (
    <>
      <Banner kind={isOther ? 'warning' : 'danger'} title={isOther ? RESULT.otherTitle : RESULT.findingTitle}>
        <p>{FAULTS[finding.fault]}</p>
      </Banner>
      <FindingDetails {...props} finding={finding} />
    </>
  );
}

function Notes({ report }: { readonly report: VerificationReport }) {
  const { verdict, newestHead, unprovenFirst, leftOut, form, anchorIsTorn } = report;
  const isOlder = newestHead !== undefined && verdict.finding === undefined && newestHead.sequence > verdict.last;
  const notes: ReactNode[] = [
    ...(form === 'csv' ? [RESULT.csv] : []),
    ...(unprovenFirst === undefined ? [] : [RESULT.unprovenFirst(unprovenFirst)]),
    ...(isOlder ? [RESULT.newest(newestHead.sequence, newestHead.signedAt)] : []),
    ...(leftOut.length > 0 ? [RESULT.leftOut(leftOut)] : []),
    ...(anchorIsTorn ? [RESULT.torn] : []),
  ];
  if (notes.length === 0) return null;
  return (
    <ul className={styles.notes}>
      {notes.map((note) => (
        <li key={String(note)}>{note}</li>
      ))}
    </ul>
  );
}
