import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSourceFiles } from './support/source-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** `log.head` is the port's method as well. */
const TABLES = /\blog\.(?:events|append_events)\b|\blog\.head\b(?!\s*\()/;
/** The adapter itself, and backups of its tables. */
const MAY_READ = ['adapters/postgres/log/', 'adapters/postgres/backup/'];
/** One creates them, the other has the function by which archived events leave. */
const THEIR_MIGRATIONS = ['0001_event_log.sql', '0016_event_archives.sql'];

/** Names of the files that name a table of the log outside of comments. */
function readers(files: Iterable<readonly [string, string]>): string[] {
  return [...files]
    .filter(([, text]) => TABLES.test(text.replace(/^\s*(?:--|\/\/|\*|\/\*\*).*$/gm, '')))
    .map(([name]) => name);
}

describe('the tables of the log in Postgres', () => {
  it('are read by their adapter alone, because the log may be in another store', () => {
    const sources = [...readSourceFiles(`${ROOT}src`)];
    expect(readers(sources.filter(([file]) => !MAY_READ.some((folder) => file.startsWith(folder))))).toEqual([]);
  });

  it('are used by no other migration', () => {
    const names = readdirSync(`${ROOT}migrations`).filter((name) => !THEIR_MIGRATIONS.includes(name));
    expect(names.length).toBeGreaterThan(5);
    expect(readers(names.map((name) => [name, readFileSync(`${ROOT}migrations/${name}`, 'utf8')]))).toEqual([]);
  });

  it.each([
    ['select 1 from log.events', true],
    ["const text = 'select position from log.head'", true],
    ['perform log.append_events()', true],
    ['await log.head()', false],
    ['create trigger t execute function log.refuse_change()', false],
    ['-- see log.events', false],
  ])('are found in: %s', (text, isFound) => {
    expect(readers([['file', text]])).toEqual(isFound ? ['file'] : []);
  });
});
