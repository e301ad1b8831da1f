import { type Egress, EgressFailed } from '../../application/ports/egress.ts';
import { parseHeadLine } from '../../domain/audit-export.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import { OperatorError } from '../../domain/errors.ts';
import { linesOf } from './text-file.ts';

/**
 * The heads of an anchor: a file, or an https URL that answers with the lines that it keeps, or the newest of them.
 * @throws OperatorError if it cannot be read, or holds other lines
 */
export async function* readAnchor(
  place: string,
  egress: Pick<Egress, 'request'>,
): AsyncGenerator<SignedAuditHead, void, undefined> {
  const lines = /^https?:\/\//.test(place) ? await fetchedLines(place, egress) : linesOf(place);
  let number = 0;
  let torn = false;
  for await (const line of lines) {
    if (torn) throw new OperatorError(`Line ${number} of the anchor ${place} is not a signed head.`);
    number += 1;
    const head = parseHeadLine(line);
    // A crash can leave half a line at the end. The service removes it when it next writes there.
    if (head === undefined) torn = true;
    else yield head;
  }
}

async function fetchedLines(url: string, egress: Pick<Egress, 'request'>): Promise<string[]> {
  try {
    const { status, body } = await egress.request({ url });
    if (status !== 200) throw new OperatorError(`The anchor ${url} answered with status ${status}.`);
    return body
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (!(error instanceof EgressFailed)) throw error;
    throw new OperatorError(`The anchor ${url} cannot be read (${error.message}).`, { cause: error });
  }
}
