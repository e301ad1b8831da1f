import { type CursorScope, type Cursors, changeScope, noticeScope } from './cursors.ts';

/** The scope of each subscription's cursors, by its field. */
const SCOPES: ReadonlyMap<string, (projectId: string) => CursorScope> = new Map([
  ['rotationNotices', noticeScope],
  ['registryChanges', changeScope],
]);

/** The cursor of an item that a subscription's field sends, as its `cursor` is; undefined for any other field. */
export function cursorOfItem(cursors: Cursors, field: string, item: object): string | undefined {
  const scope = SCOPES.get(field);
  if (scope === undefined || !('projectId' in item && 'sequence' in item)) return undefined;
  return cursors.encode(scope(String(item.projectId)), String(item.sequence));
}
