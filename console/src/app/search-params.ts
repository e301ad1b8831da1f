/**
 * The part of an address after `?`, as plain texts: `?status=FAILING&status=EXPIRED&q=ghcr`. A name that stands once is a text, one that stands
 * several times a list. Each view says what it understands (`views/<name>/search.ts`); all else is dropped.
 */
export type RawSearch = Readonly<Record<string, unknown>>;

export function parseSearch(search: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  const parameters = new URLSearchParams(search);
  for (const name of new Set(parameters.keys())) {
    const [first = '', ...more] = parameters.getAll(name);
    found[name] = more.length === 0 ? first : [first, ...more];
  }
  return found;
}

/** With its `?`; empty values are left out. */
export function stringifySearch(search: RawSearch): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === undefined || one === null || one === '' || one === false) continue;
      parameters.append(name, one === true ? '1' : String(one));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Undefined if it is missing or empty. A longer one is cut. */
export function text(raw: unknown, longest = 500): string | undefined {
  const one: unknown = Array.isArray(raw) ? raw[0] : raw;
  const found = typeof one === 'number' ? String(one) : one;
  return typeof found === 'string' && found !== '' ? found.slice(0, longest) : undefined;
}

export function oneOf<Value extends string>(raw: unknown, values: readonly Value[]): Value | undefined {
  return values.find((value) => value === text(raw));
}

/** Those that are known, each once; undefined if there are none. */
export function someOf<Value extends string>(raw: unknown, values: readonly Value[]): Value[] | undefined {
  const given: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const found = values.filter((value) => given.includes(value));
  return found.length === 0 ? undefined : found;
}

/** True, or undefined: an address has only what differs from what is usual. */
export function flag(raw: unknown): true | undefined {
  return raw === true || text(raw) === '1' || text(raw) === 'true' ? true : undefined;
}

export function wholeNumber(raw: unknown, { from = 0, to = Number.MAX_SAFE_INTEGER } = {}): number | undefined {
  const found = text(raw);
  if (found === undefined || !/^\d{1,15}$/.test(found)) return undefined;
  const value = Number(found);
  return value >= from && value <= to ? value : undefined;
}

/** A moment, as `2026-03-01T09:30:00Z` or a day; in the form of the API. */
export function instant(raw: unknown): string | undefined {
  const found = text(raw);
  if (found === undefined || !/^\d{4}-\d\d-\d\d/.test(found)) return undefined;
  const time = Date.parse(found);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Leaves out what is undefined, so that the address has only what is set. */
export function known<Search extends object>(search: Search): Defined<Search> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Defined<Search>;
}

export type Defined<Search> = { [Name in keyof Search]?: Exclude<Search[Name], undefined> };
