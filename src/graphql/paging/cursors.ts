import { createHmac, timingSafeEqual } from 'node:crypto';
import { badUserInput } from '../../domain/errors.ts';

/** The list that a cursor is valid for. A feed's queries and subscriptions share cursors: no selection binds them. */
export type CursorScope =
  | { readonly of: 'notices' | 'changes' | 'auditHeads'; readonly projectId: string }
  | {
      readonly of: 'registries' | 'leases' | 'audit' | 'deliveries';
      readonly projectId: string;
      /** Filter and order as one text, which is the same for the same request. */
      readonly selection: string;
    };

/** The place in a project's feed of notices. */
export function noticeScope(projectId: string): CursorScope {
  return { of: 'notices', projectId };
}

/** The place in a project's feed of changes: of a change itself, and of the last one that a list of registries shows. */
export function changeScope(projectId: string): CursorScope {
  return { of: 'changes', projectId };
}

/** Where a client gives a cursor: as an argument, or in the header of an event stream. */
export type CursorField = 'after' | 'Last-Event-ID';

export interface Cursors {
  encode(scope: CursorScope, position: string): string;
  /**
   * `field`: where the client gave it, by default `after`.
   * @throws PurserError BAD_USER_INPUT on the field if the cursor was not made for this scope
   */
  decode(scope: CursorScope, cursor: string, field?: CursorField): string;
}

/** 128 bits: a forged cursor would be accepted once in 2^128 tries. */
const MAC_BYTES = 16;
const MAX_CURSOR_LENGTH = 4096;
const MIN_KEY_BYTES = 32;

/**
 * Clients can keep cursors but not forge them: each is a position with an HMAC-SHA-256 over scope and position. They
 * stay valid on every replica and after a restart while the key is the same.
 * @throws Error if the key has fewer than 32 bytes
 */
export function createCursors(key: Uint8Array): Cursors {
  if (key.byteLength < MIN_KEY_BYTES) throw new Error('the cursor key must have at least 32 bytes');

  function mac(scope: CursorScope, position: string): Buffer {
    const selection = 'selection' in scope ? scope.selection : '';
    return createHmac('sha256', key)
      .update(JSON.stringify([scope.of, scope.projectId, selection, position]))
      .digest()
      .subarray(0, MAC_BYTES);
  }

  return {
    encode(scope, position) {
      return Buffer.concat([mac(scope, position), Buffer.from(position)]).toString('base64url');
    },
    decode(scope, cursor, field = 'after') {
      if (cursor.length > MAX_CURSOR_LENGTH) throw notACursor(field);
      const bytes = Buffer.from(cursor, 'base64url');
      // The decoder skips unknown characters and ignores spare bits, so only the exact spelling is accepted.
      if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== cursor) throw notACursor(field);
      const position = bytes.subarray(MAC_BYTES).toString();
      if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(scope, position))) throw notACursor(field);
      return position;
    },
  };
}

function notACursor(field: CursorField): Error {
  return badUserInput(field, `\`${field}\` must be a cursor of this list, with the same project, filter and order.`);
}

/** @throws PurserError BAD_USER_INPUT on the field */
export function decodeSequence(
  cursors: Cursors,
  scope: CursorScope,
  cursor: string | null | undefined,
  field: CursorField = 'after',
): number | undefined {
  return cursor === null || cursor === undefined ? undefined : Number(cursors.decode(scope, cursor, field));
}
