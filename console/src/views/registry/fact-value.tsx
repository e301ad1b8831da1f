import { Time } from '../../components/time.tsx';
import { CREDENTIAL } from '../../texts/registry.ts';
import { HISTORY } from '../../texts/registry-history.ts';
import { changeInWords } from './change-in-words.ts';
import css from './registry.module.css';
import { FACT_KINDS, type FactName } from './registry-facts.ts';

const SOURCES: Readonly<Record<string, string>> = CREDENTIAL.sources;

/** A fact of a registry, as people read it. */
export function FactValue({ fact, value }: { readonly fact: FactName; readonly value: string | number | null }) {
  if (value === null || value === '') return <span className={css.soft}>{HISTORY.nothing}</span>;
  const text = String(value);
  if (fact === 'expirySource') return SOURCES[text] ?? text;
  switch (FACT_KINDS[fact]) {
    case 'date':
      return <Time at={text} show="absolute" />;
    case 'days':
    case 'access':
    case 'provider':
      return changeInWords(fact, text);
    case 'code':
      return <code className={css.break}>{text}</code>;
    default:
      return <span className={css.break}>{text}</span>;
  }
}
