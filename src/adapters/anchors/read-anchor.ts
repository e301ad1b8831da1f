import { type Egress, EgressFailed } from '../../application/ports/egress.ts';
import { parseHeadLine } from '../../domain/audit-export.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import { OperatorError } from '../../domain/errors.ts';
import type { Secret } from '../../domain/secret.ts';
import { linesOf } from './text-file.ts';

/** Where heads are read that were put outside the database. */
export interface AnchorPlace {
  /** A file, or an https URL that answers with the lines that it keeps, or the newest of them. */
  readonly place: string;
  /** For messages, as their first words, because a URL can hold a secret. */
  readonly name: string;
  /** What the URL is sent as `Authorization`. */
  readonly authorization?: Secret | undefined;
}

/** What a service answers that only takes heads. */
const ONLY_TAKES = [404, 405, 501];

/** The URL takes heads and does not give them back. */
export class AnchorNotReadable extends OperatorError {
  constructor(
    { name }: AnchorPlace,
    readonly status: number,
  ) {
    super(`${name} answers no reads (status ${status}): name a place to read its heads from.`);
  }
}

export function isAnchorUrl(place: string): boolean {
  return /^https?:\/\//.test(place);
}

/** @throws OperatorError if the anchor cannot be read; AnchorNotReadable if its URL only takes heads */
export async function* anchorLines(
  anchor: AnchorPlace,
  egress: Pick<Egress, 'request'>,
): AsyncGenerator<string, void, undefined> {
  if (isAnchorUrl(anchor.place)) yield* await fetchedLines(anchor, egress);
  else yield* linesOf(anchor.place);
}

/** @throws OperatorError as `anchorLines` does, and if the anchor holds other lines */
export async function* readAnchor(
  anchor: AnchorPlace,
  egress: Pick<Egress, 'request'>,
): AsyncGenerator<SignedAuditHead, void, undefined> {
  let number = 0;
  let torn = false;
  for await (const line of anchorLines(anchor, egress)) {
    if (torn) throw new OperatorError(`${anchor.name} has no signed head in line ${number}.`);
    number += 1;
    const head = parseHeadLine(line);
    // A crash can leave half a line at the end. The service removes it when it next writes there.
    if (head === undefined) torn = true;
    else yield head;
  }
}

async function fetchedLines(anchor: AnchorPlace, egress: Pick<Egress, 'request'>): Promise<string[]> {
  const { place: url, name, authorization } = anchor;
  try {
    const headers = { accept: 'application/x-ndjson', ...(authorization && { authorization: authorization.reveal() }) };
    const { status, body } = await egress.request({ url, headers });
    if (ONLY_TAKES.includes(status)) throw new AnchorNotReadable(anchor, status);
    if (status !== 200) throw new OperatorError(`${name} answered with status ${status}.`);
    return body
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (!(error instanceof EgressFailed)) throw error;
    const advice = error.fault.kind === 'TOO_LARGE' ? ': it has to answer with the newest heads, at most 64 KiB' : '';
    throw new OperatorError(`${name} cannot be read (${error.message})${advice}.`, { cause: error });
  }
}
