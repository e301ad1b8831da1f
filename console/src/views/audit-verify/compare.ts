import { type ChainedEntry, ENTRY_FIELDS, type EntryField } from './verification/entries.ts';

export interface Difference {
  readonly field: EntryField;
  readonly found: string;
  readonly service: string;
}

/** What two entries say differently, field by field, apart from null and what is missing. */
export function differences(found: ChainedEntry, service: ChainedEntry): Difference[] {
  return ENTRY_FIELDS.flatMap((field) => {
    const [one, other] = [textOf(found[field]), textOf(service[field])];
    return one === other ? [] : [{ field, found: one, service: other }];
  });
}

function textOf(value: ChainedEntry[EntryField] | undefined): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Where the service can be asked for the entry that is wrong: a short time around it. Undefined: nothing tells when it was. */
export function timesAround(times: {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly at?: string | undefined;
}): { from: string; to: string } | undefined {
  const known = [times.before, times.at, times.after].map((time) => Date.parse(time ?? '')).filter(Number.isFinite);
  if (known.length === 0) return undefined;
  // The clocks of replicas differ a little.
  const slack = 2_000;
  const [first, last] = [Math.min(...known), Math.max(...known)];
  return { from: new Date(first - slack).toISOString(), to: new Date(last + slack).toISOString() };
}
