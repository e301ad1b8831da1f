import { formatCount, formatTime, plural } from '../components/format.ts';
import type { AuditFault } from '../views/audit-verify/verification/findings.ts';
import type { CannotVerifyReason } from '../views/audit-verify/verification/run.ts';

export const VERIFY = {
  title: 'Verify the audit log',
  intro:
    'Your browser computes the hash of every entry again and checks what the service signed. It takes nobody’s word for it, the service’s included.',
  back: 'Audit log',
  subject: 'What to verify',
  subjects: {
    live: {
      label: 'The whole log',
      help: 'Read from the service now. That you read it is an entry of the log as well.',
    },
    files: {
      label: 'Files',
      help: 'An export (NDJSON or CSV), also with the archives before it and a file of anchored heads.',
    },
  },
  drop: 'Drop files here',
  dropHere: 'Let go to add the files',
  choose: 'Choose files',
  removeFile: (name: string) => `Remove ${name}`,
  files: 'Files to verify',
  limits: 'The export was limited to a time',
  limitsHelp:
    'Nobody signs what a file says of its own limits. If you asked for a part of the log, say which part it must be.',
  from: 'From',
  to: 'Before',
  start: 'Verify',
  cancel: 'Cancel',
  again: 'Verify again',
  running: 'Verifying',
  progress: (entries: number, rate: number) =>
    `${plural(entries, 'entry', 'entries')} verified, ${formatCount(rate)} a second`,
  starting: 'Starting …',
  cancelled: 'The verification was cancelled: nothing is known.',
  failed: 'The log could not be read to its end',
  noProject: 'Your token does not let you read this audit log.',
} as const;

export const KEYS = {
  title: 'Keys that may sign',
  explain:
    'A key that comes from the service proves little: whoever can rewrite the log can hand out another key. Paste the key that you were given by another way, or pin the one that you see today, so that a new one is noticed.',
  service: 'From the service',
  pinned: (time: string) => `Pinned in this browser on ${formatTime(new Date(time))}`,
  pasted: 'Pasted by you',
  retired: 'no longer signs',
  pin: 'Pin',
  pinLabel: (keyId: string) => `Pin the key ${keyId} in this browser`,
  unpin: 'Unpin',
  unpinLabel: (keyId: string) => `Forget that the key ${keyId} was pinned`,
  use: (keyId: string) => `Accept signatures of the key ${keyId}`,
  none: 'The service has not signed anything yet. It does so each minute in which something happened.',
  newSincePin: 'new since you pinned',
  paste: 'Paste a public key',
  pasteHelp: '32 bytes in base64, as purser audit verify takes it.',
  add: 'Accept this key',
  bad: 'This is no Ed25519 key: 32 bytes in base64 are expected, 44 characters.',
  noEd25519:
    'This browser cannot check signatures of Ed25519. It checks that the chain is whole, but not who signed it: a log that was written anew would pass. Use a newer browser, or purser audit verify.',
  noneChosen: 'No key is chosen: only the chain is checked, not who signed it.',
} as const;

export const RESULT = {
  wholeTitle: 'The log is whole',
  partTitle: 'This part of the log is whole',
  unsignedTitle: 'The chain is whole, but nothing signed vouches for it',
  findingTitle: 'The log is not as it was written',
  otherTitle: 'This is not what you asked for',
  vouched: (sequence: number, signedAt: string, keyId: string) =>
    `Verified up to entry ${formatCount(sequence)}, signed on ${formatTime(new Date(signedAt))} by the key ${keyId}.`,
  trustPinned: 'You have this key from elsewhere than this answer.',
  trustService: 'Only the service vouches for this key.',
  entries: (entries: number, first: number, last: number) =>
    entries === 0
      ? 'There are no entries.'
      : `${plural(entries, 'entry', 'entries')} verified: ${formatCount(first)} to ${formatCount(last)}.`,
  later: (count: number) =>
    `${plural(count, 'entry', 'entries')} after that ${count === 1 ? 'is' : 'are'} not signed yet: nothing vouches for ${count === 1 ? 'it' : 'them'} so far.`,
  notVouched:
    'No signed head of a chosen key covers any of these entries. Whoever can write to the database could have computed all of the chain anew.',
  csv: 'A CSV file holds no signed heads: those of the service were compared with it. It cannot show whether entries before its first or after its last are missing.',
  unprovenFirst: (sequence: number) =>
    `Entry ${formatCount(sequence)} shows only where the file begins: that it is unchanged follows from a signed head after it.`,
  leftOut: (names: readonly string[]) =>
    `Left out, as the other files have their entries as well: ${names.join(', ')}.`,
  newest: (sequence: number, time: string) =>
    `The service has signed up to entry ${formatCount(sequence)} since (${formatTime(new Date(time))}): this file is older, or was cut before that.`,
  torn: 'The last line of the anchor is not whole, as a crash leaves it: it was left out.',
  took: (entries: number, seconds: number) =>
    `${plural(entries, 'entry', 'entries')} in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`,
  where: (line: number, file: string | undefined) =>
    file === undefined ? `Line ${formatCount(line)}` : `Line ${formatCount(line)} of ${file}`,
  anchorLine: (line: number) => `Head ${formatCount(line)} of those that the service has`,
  byHeads: 'By signed heads from elsewhere',
  entry: (sequence: number) => `entry ${formatCount(sequence)}`,
  upTo: (last: number) =>
    last === 0
      ? 'No entry before it could be verified.'
      : `Everything up to entry ${formatCount(last)} follows from the chain.`,
  expected: 'Hash by the chain',
  expectedSigned: 'Hash that was signed',
  found: 'Hash in the log',
  signedBy: 'Key named by the head',
  because: {
    MORE_THAN_AN_ENTRY: 'The line says more or other than an entry: what is not hashed must not be there.',
    UNKNOWN_FORMAT: 'The entry has a format that this console does not know. An update may know it.',
  },
  inFile: 'What stands there',
  inService: 'What the service has',
  differs: 'Fields that differ from what the service has',
  same: 'The service has the same entry: it was changed there as well, or the hash before it was.',
  field: 'Field',
  confirmPart: 'I asked for this part',
  part: (from: string | null, to: string | null) =>
    `The file says of itself that it is limited: ${[from && `from ${from}`, to && `before ${to}`].filter(Boolean).join(', ') || 'not by time, but its first entries are missing'}.`,
} as const;

export const FAULTS: Readonly<Record<AuditFault, string>> = {
  DAMAGED: 'The line is not one of an export.',
  CHANGED: 'The entry was changed, or the hash beside it.',
  MISSING: 'The entry is missing.',
  MOVED: 'The entry is not in its place.',
  INSERTED: 'A line was inserted: the entry is there twice, or the log had ended.',
  CUT: 'The end is missing, from this entry on.',
  REWRITTEN:
    'The chain is not the one that was signed: entries up to this one were written anew, after the last one that is vouched for.',
  WRONG_KEY: 'The signed head after this entry is not signed by a key that you chose.',
  OTHER_PART:
    'The export says that it is another part of the log than the whole. If you limited it, say so; if earlier entries are archived, add the archives.',
  FRONT_CUT:
    'Entries before this one are missing: a part begins with the last entry before its time, and this one is not older. Right behind an archive there is none: then export all that is left, and verify it with its archives.',
  ANCHOR_DAMAGED: 'A line of the anchor is not a signed head.',
  ANCHOR_WRONG_KEY: 'A signed head that is kept elsewhere is not signed by a key that you chose.',
  ANCHOR_CONTRADICTION:
    'Two signed heads of this entry have different hashes: the log was written anew, or restored from a backup.',
  OTHER_PROJECT: 'The export is of another project.',
};

export const REFUSALS: Readonly<Record<CannotVerifyReason, string>> = {
  NOTHING: 'None of the files is an export: add one.',
  SEVERAL_CSV: 'Verify one CSV file at a time: several do not say how they follow each other.',
  MIXED: 'CSV and NDJSON files cannot be verified together: verify them one after the other.',
  NO_LINES: 'This is no export: a line of it has no end.',
};

export const foundProject = (found: string, expected: string): string =>
  `It is of ${found === '' ? 'the service’s own log' : `the project “${found}”`}, not of “${expected}”.`;
