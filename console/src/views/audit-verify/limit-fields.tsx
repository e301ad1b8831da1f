import { DateTimeField } from '../../components/date-field.tsx';
import { VERIFY } from '../../texts/audit-verify.ts';
import styles from './limit-fields.module.css';
import type { Asked } from './start.ts';

interface LimitFieldsProps {
  readonly limits: Pick<Asked, 'from' | 'to'>;
  readonly onChange: (limits: Pick<Asked, 'from' | 'to'>) => void;
}

export function LimitFields({ limits, onChange }: LimitFieldsProps) {
  return (
    <details className={styles.limits} open={limits.from !== null || limits.to !== null}>
      <summary>{VERIFY.limits}</summary>
      <p>{VERIFY.limitsHelp}</p>
      <div className={styles.fields}>
        <DateTimeField label={VERIFY.from} value={limits.from} onChange={(from) => onChange({ ...limits, from })} />
        <DateTimeField label={VERIFY.to} value={limits.to} onChange={(to) => onChange({ ...limits, to })} />
      </div>
    </details>
  );
}
