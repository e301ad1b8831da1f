import type { Fault } from '../../support/mutant.ts';

/** The steps of an archive, in their order. At each of them the command can be killed. */
export const STEPS = [
  'a page written',
  'draft verified',
  'renamed',
  'archive remembered',
  'removal remembered',
  'rows deleted',
] as const;
/** The same of an archive of events. */
export const EVENT_STEPS = [
  'events verified',
  'events renamed',
  'state written',
  'edge added',
  'others removed',
  'beginnings removed',
] as const;
export type Step = (typeof STEPS)[number] | (typeof EVENT_STEPS)[number];

/** What the child defines. */
const at = (step: Step) => `globalThis.atStep('${step}');`;

function after(file: string, find: string, step: Step): Fault {
  return { file, find, replace: `${find} ${at(step)}` };
}

const FOLDER = 'composition/archive-folder.ts';
const ROWS = 'adapters/postgres/read-models/removed-rows.ts';

const EVENT_FILES = 'composition/event-archive-files.ts';
const EVENTS = 'composition/event-archive.ts';

/** What the command that can be killed has otherwise than the one that is built. */
export const ARCHIVE_CHANGES: readonly Fault[] = [
  after('application/audit/export-audit-log.ts', 'yield merged(entries, heads, writer);', 'a page written'),
  after(FOLDER, 'await verify(linesOf(draft));', 'draft verified'),
  after(FOLDER, 'await rename(draft, path(name));', 'renamed'),
  after(
    'application/audit/archive-audit-log.ts',
    'await archive.remember(projectId, { last: name.last, before });',
    'archive remembered',
  ),
  after(
    'adapters/postgres/read-models/audit-archive.ts',
    'await rememberRemoved(database, removed, authenticator);',
    'removal remembered',
  ),
  {
    file: ROWS,
    find: 'return rows[0]?.deleted ?? 0;',
    replace: `if (rows[0]?.deleted > 0) ${at('rows deleted')} return rows[0]?.deleted ?? 0;`,
  },
  // So that some rows are left when it is killed after a statement.
  { file: ROWS, find: 'DELETED_AT_ONCE = 1_000', replace: 'DELETED_AT_ONCE = 2' },
  after(EVENT_FILES, 'verified = await verify(linesOf(draft));', 'events verified'),
  after(EVENT_FILES, 'await rename(draft, file);', 'events renamed'),
  after(EVENTS, 'stateDigest = await writeState({ source, schema: SHADOW, client, upTo, removed });', 'state written'),
  after(EVENTS, 'await addEdge(client, edge, deps.authenticator);', 'edge added'),
  {
    file: EVENTS,
    find: 'removed += await removeEvents(client, page, part);',
    replace: `removed += await removeEvents(client, page, part);
      if (removed > 0) globalThis.atStep(part + ' removed');`,
  },
  { file: 'adapters/postgres/log/event-archive-file.ts', find: 'const PAGE = 1_000', replace: 'const PAGE = 2' },
];
