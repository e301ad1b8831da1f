import pg, { type CustomTypesConfig } from 'pg';

const { builtins, getTypeParser } = pg.types;

/**
 * How to parse Postgres values, for one connection or pool; nothing is changed globally. Positions do not fit a
 * JavaScript number. Instants stay text all the way to the client: a `Date` would be made only to be printed.
 */
export const TYPE_PARSERS: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format === 'binary') return getTypeParser(oid, 'binary');
    switch (oid) {
      case builtins.INT8:
        return BigInt;
      case builtins.TIMESTAMPTZ:
        return instantOf;
      case builtins.DATE:
      case builtins.TIMESTAMP:
      case builtins.NUMERIC:
        return asText;
      default:
        return getTypeParser(oid, 'text');
    }
  },
};

function asText(text: string): string {
  return text;
}

const UTC_FORM = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;

/** ISO 8601 in UTC with milliseconds, as `Date.toISOString` writes it. Finer digits are cut off. */
export function instantOf(text: string): string {
  const utc = UTC_FORM.exec(text);
  if (utc) return `${utc[1]}T${utc[2]}.${(utc[3] ?? '').padEnd(3, '0').slice(0, 3)}Z`;
  // The session has another time zone: a connection string can set one.
  const millis = Date.parse(text);
  return Number.isNaN(millis) ? text : new Date(millis).toISOString();
}
