import { OperatorError } from '../../../domain/errors.ts';

/** Postgres' complaints about its environment, and the remedies. Its programs write English (`LC_ALL=C`). */
const REMEDIES: readonly (readonly [complaint: RegExp, remedy: string])[] = [
  [/No space left on device|Disk quota exceeded/, 'The disk is full. Free some space there, then start again.'],
  [/Read-only file system/, 'The file system is read-only. Mount it writable, or set PURSER_DATA_DIR.'],
  [
    /Permission denied|Operation not permitted/,
    'A permission is missing there. Make the user of Purser the owner of the folder.',
  ],
  [
    /incompatible with server/,
    'Another version of Postgres created the folder. Start the Purser that created it, or restore a backup.',
  ],
  [
    /could not map anonymous shared memory|Cannot allocate memory/,
    'There is not enough memory. Free some, then start again.',
  ],
];

/** The embedded Postgres could not be created or started. The message quotes its own reason. */
export class StartFault extends OperatorError {
  override readonly name = 'StartFault';

  /** @param said its output; the message repeats the last line with an error */
  constructor(folder: string, said: string) {
    const lines = said.split('\n').filter((line) => line.trim() !== '');
    const told = lines.findLast((line) => /\b(?:FATAL|PANIC|error|failed|could not)\b/i.test(line)) ?? lines.at(-1);
    const remedy = REMEDIES.find(([complaint]) => complaint.test(said))?.[1];
    super(
      `The embedded Postgres in ${folder} cannot be started. ${remedy ?? 'It says:'} (${told ?? 'no reason given'})`,
    );
  }
}
