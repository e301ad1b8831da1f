import { OperatorError } from '../../../domain/errors.ts';

/** What Postgres says of its surroundings, and what to do about it. Its programs speak English (`LC_ALL=C`). */
const REMEDIES: readonly (readonly [complaint: RegExp, remedy: string])[] = [
  [/No space left on device|Disk quota exceeded/, 'The disk is full. Free some space there, then start again.'],
  [/Read-only file system/, 'The file system is read-only. Mount it writable, or set PURSER_DATA_DIR.'],
  [/Permission denied|Operation not permitted/, 'It lacks a right there. Give the folder to the user of Purser.'],
  [
    /incompatible with server/,
    'The folder is of another version of Postgres. Start the Purser that made it, or restore a backup.',
  ],
  [/could not map anonymous shared memory|Cannot allocate memory/, 'The memory is used up. Free some.'],
];

/** The embedded Postgres could not be made or started, for a reason that it told itself. */
export class StartFault extends OperatorError {
  override readonly name = 'StartFault';

  /** @param said what it wrote; the last line that tells of an error is repeated */
  constructor(folder: string, said: string) {
    const lines = said.split('\n').filter((line) => line.trim() !== '');
    const told = lines.findLast((line) => /\b(?:FATAL|PANIC|error|failed|could not)\b/i.test(line)) ?? lines.at(-1);
    const remedy = REMEDIES.find(([complaint]) => complaint.test(said))?.[1];
    super(
      `The embedded Postgres in ${folder} cannot be started. ${remedy ?? 'It says:'} (${told ?? 'nothing was told'})`,
    );
  }
}
