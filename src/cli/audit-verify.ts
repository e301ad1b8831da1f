import type { KeyObject } from 'node:crypto';
import { linesOf } from '../adapters/anchors/text-file.ts';
import { parseHeadLine } from '../domain/audit-export.ts';
import { auditKeyId, ed25519PublicKey } from '../domain/audit-head.ts';
import {
  type AnchoredHead,
  type AuditFault,
  type AuditVerdict,
  createAuditVerifier,
  isAuthentic,
  projectOfExport,
} from '../domain/audit-verification.ts';
import { OperatorError } from '../domain/errors.ts';
import { type Command, type Options, type Output, UsageError } from './command.ts';

const FOUND = 1;
const NOT_VOUCHED = 3;

type PublicKeys = ReadonlyMap<string, KeyObject>;

export const auditVerify: Command = {
  summary: 'Verifies an exported audit log. It needs neither the service nor its database.',
  usage: '<file> --public-key <key> [--anchor <file>]',
  help: `
  <file>        what \`purser audit export\` printed, in NDJSON
  --public-key  a key that signs heads, in base64; repeat it if the key was replaced. What the file says of keys is not trusted
  --anchor      the file of AUDIT_ANCHOR_FILE: it also shows entries that are missing at the end

The exit code is 0 if the log is whole, 1 if not: the first wrong line is named; and 3 if it is whole, but nothing signed
vouches for it.
`,
  argument: 'file',
  options: { 'public-key': { type: 'string', multiple: true }, anchor: { type: 'string' } },
  async run(options, _env, output) {
    const publicKeys = readKeys(options);
    const file = String(options.file);
    const project = await projectOf(file);
    const anchor =
      options.anchor === undefined ? undefined : await readAnchor(String(options.anchor), project, publicKeys);
    const verifier = createAuditVerifier({ publicKeys, ...(anchor && { anchor }) });
    for await (const line of linesOf(file)) verifier.take(line);
    return report(verifier.end(), output);
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

/** Undefined if the first line says nothing of it: the verifier reports that. */
async function projectOf(file: string): Promise<string | undefined> {
  for await (const line of linesOf(file)) return projectOfExport(line);
  return undefined;
}

/** @throws OperatorError if the anchor itself is wrong */
async function readAnchor(
  file: string,
  project: string | undefined,
  publicKeys: PublicKeys,
): Promise<ReadonlyMap<number, AnchoredHead>> {
  const anchored = new Map<number, AnchoredHead>();
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    const head = parseHeadLine(line);
    if (head === undefined) throw new OperatorError(`Line ${number} of the anchor ${file} is not a signed head.`);
    if (head.projectId !== project) continue;
    if (!isAuthentic(head, publicKeys)) {
      throw new OperatorError(`Line ${number} of the anchor ${file} is not signed by a key that was given.`);
    }
    const known = anchored.get(head.sequence);
    if (known !== undefined && known.hash !== head.hash) {
      throw new OperatorError(
        `Line ${number} of the anchor ${file} contradicts an earlier one: entry ${head.sequence} was signed with two hashes. The log was written anew, or restored from a backup.`,
      );
    }
    anchored.set(head.sequence, { sequence: head.sequence, hash: head.hash, signedAt: head.signedAt });
  }
  return anchored;
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
};

function report({ header, entries, last, vouched, finding }: AuditVerdict, { stdout }: Output): number {
  if (header !== undefined) {
    const log = header.project === '' ? "the service's own log" : `project ${header.project}`;
    const limits = [header.from && `from ${header.from}`, header.to && `before ${header.to}`].filter(Boolean).join(' ');
    stdout.write(`${log}: ${counted(entries)} verified${limits && `, limited to those ${limits}`}\n`);
  }
  if (vouched === undefined) stdout.write('no signed head vouches for any entry\n');
  else stdout.write(`vouched for: up to entry ${vouched.sequence}, by the head signed at ${vouched.signedAt}\n`);
  if (finding !== undefined) {
    const place = finding.line === 0 ? 'by the anchor' : `line ${finding.line}`;
    stdout.write(`${place}, entry ${finding.sequence}: ${FAULTS[finding.fault]} (${finding.fault})\n`);
    return FOUND;
  }
  if (vouched === undefined) return NOT_VOUCHED;
  if (last > vouched.sequence) stdout.write(`not signed yet: ${counted(last - vouched.sequence)} after that\n`);
  return 0;
}

function counted(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}
