import type { KeyObject } from 'node:crypto';
import { anchorLines, isAnchorUrl } from '../adapters/anchors/read-anchor.ts';
import { linesOf } from '../adapters/anchors/text-file.ts';
import { createEgress } from '../adapters/egress/egress.ts';
import { namedAnchor } from '../composition/anchor-places.ts';
import { egressOptionsOf } from '../composition/egress-options.ts';
import { readConfig } from '../config/config.ts';
import { createAnchorReader } from '../domain/audit-anchor.ts';
import type { ExportHeader } from '../domain/audit-export.ts';
import { auditKeyId, ed25519PublicKey } from '../domain/audit-head.ts';
import {
  type Anchor,
  type AuditFault,
  type AuditFinding,
  type AuditVerdict,
  createAuditVerifier,
  headerOfExport,
} from '../domain/audit-verification.ts';
import { type Command, type Environment, type Options, type Output, UsageError } from './command.ts';
import { timeLimits } from './time-option.ts';

const FOUND = 1;
const NOT_VOUCHED = 3;

type PublicKeys = ReadonlyMap<string, KeyObject>;

export const auditVerify: Command = {
  summary: 'Verifies an exported audit log. It needs neither the service nor its database.',
  usage: '<file> --public-key <key> [--archive <file>] [--anchor <file or URL>] [--from <time>] [--to <time>]',
  help: `
  <file>        what \`purser audit export\` printed, in NDJSON
  --public-key  a key that signs heads, in base64; repeat it if the key was replaced. What the file says of keys is not trusted
  --archive     what \`purser archive\` wrote of the same log before, oldest first; repeat it for each. Then the log is verified
                from its first entry on
  --anchor      the file of AUDIT_ANCHOR_FILE, or an https URL that answers with its newest lines: it also shows entries that are
                missing at the end. If it is AUDIT_ANCHOR_URL, AUDIT_ANCHOR_AUTHORIZATION is sent as well
  --from, --to  the limits that the export was asked for with. Without them it must be the whole log: what the file says of
                its limits is not trusted

The exit code is 0 if the log is whole, 1 if not: the first wrong line is named; and 3 if it is whole, but nothing signed
vouches for it.
`,
  argument: 'file',
  options: {
    'public-key': { type: 'string', multiple: true },
    archive: { type: 'string', multiple: true },
    anchor: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
  async run(options, env, output) {
    const publicKeys = readKeys(options);
    const limits = timeLimits(options);
    const archives = [options.archive ?? []].flat().map(String);
    if (archives.length > 0 && (limits.from !== null || limits.to !== null)) {
      throw new UsageError('--archive is for the whole log: leave --from and --to out.');
    }
    const file = String(options.file);
    const files = [...(await withoutThoseIn(file, archives, output)), file];
    const [first = ''] = files;
    const anchor =
      options.anchor === undefined
        ? undefined
        : await readAnchor(String(options.anchor), env, (await headerOf(first)).project, publicKeys, output);
    const verifier = createAuditVerifier({ publicKeys, ...limits, ...(anchor && { anchor }) });
    /** The number of lines up to the end of each file. */
    const ends: number[] = [];
    for (const file of files) {
      let lines = ends.at(-1) ?? 0;
      for await (const line of linesOf(file)) {
        verifier.take(line);
        lines += 1;
      }
      ends.push(lines);
    }
    return report(verifier.end(), { anchor, files, ends }, output);
  },
};

function readKeys(options: Options): PublicKeys {
  const given = [options['public-key'] ?? []].flat().map(String);
  if (given.length === 0) throw new UsageError(`Name the public key: purser audit verify ${auditVerify.usage}`);
  return new Map(
    given.map((text) => {
      const bytes = Buffer.from(text, 'base64');
      if (bytes.length !== 32 || bytes.toString('base64') !== text) {
        throw new UsageError(
          `--public-key ${JSON.stringify(text)} is not an Ed25519 key: write its 32 bytes in base64.`,
        );
      }
      return [auditKeyId(bytes), ed25519PublicKey(bytes)];
    }),
  );
}

/** Empty if the first line is none: the verifier reports that. */
async function headerOf(file: string): Promise<Partial<ExportHeader>> {
  for await (const line of linesOf(file)) return headerOfExport(line);
  return {};
}

/** Archived entries may still be in the table, and so in the export. What stays must be whole, whatever the headers say. */
async function withoutThoseIn(file: string, archives: readonly string[], { stdout }: Output): Promise<string[]> {
  const { firstSequence: first = 0 } = await headerOf(file);
  const kept: string[] = [];
  for (const archive of archives) {
    const { firstSequence: begin = 0 } = await headerOf(archive);
    if (begin < first) kept.push(archive);
    else stdout.write(`${archive} is left out: ${file} has its entries as well\n`);
  }
  return kept;
}

/** The configuration counts for a URL alone: who verifies a file needs none. */
function linesOfAnchor(place: string, env: Environment): AsyncIterable<string> {
  if (!isAnchorUrl(place)) return linesOf(place);
  const config = readConfig(env);
  return anchorLines(namedAnchor(place, config), createEgress(egressOptionsOf(config)));
}

async function readAnchor(
  place: string,
  env: Environment,
  project: string | undefined,
  publicKeys: PublicKeys,
  { stderr }: Output,
): Promise<Anchor> {
  const reader = createAnchorReader(project, publicKeys);
  for await (const line of linesOfAnchor(place, env)) reader.take(line);
  const anchor = reader.end();
  if (anchor.torn) stderr.write(`The last line of the anchor ${place} is not a whole head: it was left out.\n`);
  return anchor;
}

const FAULTS: Readonly<Record<AuditFault, string>> = {
  DAMAGED: 'the line is not one of an export',
  CHANGED: 'the entry was changed, or the hash beside it',
  MISSING: 'the entry is missing',
  MOVED: 'the entry is not in its place',
  INSERTED: 'a line was inserted: the entry is there twice, or the log had ended',
  CUT: 'the end is missing, from this entry on',
  REWRITTEN:
    'the chain is not the one that was signed: entries up to this one were written anew, after the last one vouched for',
  WRONG_KEY: 'the signed head after this entry is not signed by a key that was given',
  OTHER_PART:
    'the export says that it is another part of the log than the one that you asked for: if you limited the export, name the same --from and --to; if earlier entries are archived, name the archives with --archive',
  FRONT_CUT:
    'entries before this one are missing: a part begins with the last entry before --from, and this one is not older. Right behind an archive there is none: export without --from, and verify with --archive',
  ANCHOR_DAMAGED: 'the line is not a signed head',
  ANCHOR_WRONG_KEY: 'the head of this entry is not signed by a key that was given',
  ANCHOR_CONTRADICTION:
    'an earlier head of this entry has another hash: the log was written anew, or restored from a backup',
};

interface Verified {
  readonly anchor: Anchor | undefined;
  readonly files: readonly string[];
  readonly ends: readonly number[];
}

function report(verdict: AuditVerdict, verified: Verified, { stdout }: Output): number {
  const { header, entries, last, vouched, finding } = verdict;
  if (header !== undefined) {
    const log = header.project === '' ? "the service's own log" : `project ${header.project}`;
    stdout.write(`${log}: ${counted(entries)} verified${part(verdict, header)}\n`);
  }
  if (vouched === undefined) stdout.write('no signed head vouches for any entry\n');
  else stdout.write(`vouched for: up to entry ${vouched.sequence}, by the head signed at ${vouched.signedAt}\n`);
  if (finding !== undefined) {
    const { sequence, fault } = finding;
    const entry = sequence === 0 ? '' : `, entry ${sequence}`;
    stdout.write(`${placeOf(finding, verified)}${entry}: ${FAULTS[fault]} (${fault})\n`);
    return FOUND;
  }
  if (vouched === undefined) return NOT_VOUCHED;
  if (last > vouched.sequence) stdout.write(`not signed yet: ${counted(last - vouched.sequence)} after that\n`);
  return 0;
}

function placeOf({ line, fault }: AuditFinding, { anchor, files, ends }: Verified): string {
  if (line > 0) {
    const found = ends.findIndex((end) => line <= end);
    const place = found === -1 ? files.length - 1 : found;
    const lineOfFile = line - (ends[place - 1] ?? 0);
    return files.length === 1 ? `line ${lineOfFile}` : `line ${lineOfFile} of ${files[place]}`;
  }
  return anchor?.problem?.fault === fault ? `line ${anchor.problem.line} of the anchor` : 'by the anchor';
}

/** Of a part one cannot say that it is the whole log. */
function part({ entries, last }: AuditVerdict, { from, to }: ExportHeader): string {
  const limits = [from && `from ${from}, with the entry before`, to && `before ${to}`].filter(Boolean).join(' ');
  if (limits === '') return '';
  const numbers = entries === 0 ? 'none' : `${last - entries + 1} to ${last}`;
  return `. This is a part of the log, ${limits}: entries ${numbers}`;
}

function counted(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}
