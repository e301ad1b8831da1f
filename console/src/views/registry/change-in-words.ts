import { plural } from '../../components/format.ts';
import { PROBE_OUTCOMES, type Status } from '../../components/statuses.ts';
import { PROVIDERS } from '../../texts/providers.ts';
import { LEASES, REGISTRY } from '../../texts/registry.ts';
import { CHANGE_WORDS } from '../../texts/registry-history.ts';

const OUTCOMES: Readonly<Record<string, Status>> = PROBE_OUTCOMES;

/** The words of the values that a field can have; a field that is not here holds what somebody entered. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  access: REGISTRY.access,
  provider: PROVIDERS,
  purpose: LEASES.purposes,
  ...CHANGE_WORDS,
};

/** A value that an entry of the audit log has for a field, as the rest of the console says it. Dates are left as they are. */
export function changeInWords(field: string, value: string): string {
  if (field === 'outcome') return OUTCOMES[value]?.word ?? value;
  if (field === 'rotateEveryDays') return plural(Number(value), 'day');
  const words = WORDS[field];
  return words !== undefined && Object.hasOwn(words, value) ? (words[value] ?? value) : value;
}
