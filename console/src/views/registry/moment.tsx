import type { ReactNode } from 'react';
import { Time } from '../../components/time.tsx';
import css from './registry.module.css';

/** A moment, and below it what else there is to say. */
export function Moment({ at, note }: { at: string; note?: ReactNode }) {
  return (
    <>
      <Time at={at} />
      {note && <div className={`${css.soft} ${css.small} ${css.break}`}>{note}</div>}
    </>
  );
}
