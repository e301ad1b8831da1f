import type { ChainedEntry } from './entries.ts';

/** What can be wrong with a log. The names are those that `purser audit verify` prints. */
export type AuditFault =
  /** The line is not one of an export. */
  | 'DAMAGED'
  /** The entry, or the hash beside it, is not as it was written. */
  | 'CHANGED'
  | 'MISSING'
  | 'MOVED'
  /** An entry is there twice, or lines follow the end. */
  | 'INSERTED'
  /** The newest entries are missing. */
  | 'CUT'
  /** The chain is whole, but is not the one that was signed. */
  | 'REWRITTEN'
  | 'WRONG_KEY'
  /** The export says that it is another part of the log than the one that was asked for. */
  | 'OTHER_PART'
  /** A part begins too late. */
  | 'FRONT_CUT'
  | 'ANCHOR_DAMAGED'
  | 'ANCHOR_WRONG_KEY'
  /** The anchor has two hashes for one entry. */
  | 'ANCHOR_CONTRADICTION'
  /** The export is of another project than the one that is looked at. */
  | 'OTHER_PROJECT';

export interface Finding {
  readonly fault: AuditFault;
  /** Of the file, from 1; 0: it is about the heads from elsewhere. */
  readonly line: number;
  /** Which of the files, from 0. */
  readonly file: number;
  /** The entry that is wrong or stands in the wrong place; 0: none. */
  readonly sequence: number;
  /** The hash that the chain, or a signed head, gives. */
  readonly expectedHash?: string;
  readonly foundHash?: string;
  /** What stands at that place, if it can be read. */
  readonly entry?: ChainedEntry;
  /** When the entries before it and after it happened: where to look for it in the service. */
  readonly before?: string;
  readonly after?: string;
  /** The line has members that no entry has, or a format that is not known: why its hash was not compared. */
  readonly because?: 'MORE_THAN_AN_ENTRY' | 'UNKNOWN_FORMAT';
  /** Of an anchor, and its name if it is a file. */
  readonly anchorLine?: number;
  readonly anchorFile?: string;
  readonly foundProject?: string;
  readonly keyId?: string;
}

export interface Vouched {
  readonly sequence: number;
  readonly signedAt: string;
  readonly keyId: string;
}

export interface ExportHeader {
  readonly record: 'header';
  readonly form: number;
  readonly project: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly firstSequence: number;
  readonly previousHash: string;
  readonly exportedAt: string;
  readonly purser: string;
}

export interface Verdict {
  /** Of the first file. */
  readonly header: ExportHeader | undefined;
  /** How many entries follow from the chain. */
  readonly entries: number;
  /** The number of the last of them. */
  readonly last: number;
  readonly lastHash: string;
  /** The last signed head that the chain holds: nothing vouches for later entries. */
  readonly vouched: Vouched | undefined;
  /** The first one. */
  readonly finding: Finding | undefined;
}
