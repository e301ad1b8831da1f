import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type CloudAnswer,
  type CloudStub,
  type RecordedRequest,
  startCloudStub,
} from '../../adapters/minting/cloud-stub.ts';

/** What a double does in place of answering. */
export type ServiceFault = 'cut' | 'hang' | 'forbidden' | 'throttled' | 'broken' | 'missing';

/** A protocol double of a key service: it does what the API says, with real AES-256-GCM, and fails when it is told to. */
export interface KeyServiceDouble extends Pick<CloudStub, 'url' | 'authority' | 'requests' | 'close'> {
  /** From now on; undefined: it works. @param times after so many requests it works again */
  fail(fault: ServiceFault | undefined, times?: number): void;
  /** Requests to seal are refused from now on, and those to open are not. */
  forbidSealing(): void;
  /** The largest number of requests that were answered at the same time. */
  readonly maxInFlight: number;
  /** How many items it has wrapped and unwrapped. */
  readonly asked: { wrap: number; unwrap: number };
}

/** In seconds, as the header says it. */
export const RETRY_AFTER_SECONDS = 1;
const ANSWERS_AFTER_MS = 3;

export interface Protocol {
  answer(request: RecordedRequest, asked: KeyServiceDouble['asked']): CloudAnswer;
  refuse(fault: 'forbidden' | 'throttled' | 'broken' | 'missing', request: RecordedRequest): CloudAnswer;
}

export async function startKeyService({ answer, refuse }: Protocol): Promise<KeyServiceDouble> {
  const stub = await startCloudStub();
  const asked = { wrap: 0, unwrap: 0 };
  let fault: ServiceFault | undefined;
  let left = Number.POSITIVE_INFINITY;
  let sealsNothing = false;
  let inFlight = 0;
  let maxInFlight = 0;

  stub.answer((request, response) => {
    const failing = sealsNothing && isSealing(request) ? 'forbidden' : left > 0 ? fault : undefined;
    left -= 1;
    inFlight += 1;
    maxInFlight = Math.max(maxInFlight, inFlight);
    response.on('close', () => {
      inFlight -= 1;
    });
    if (failing === 'hang') return undefined;
    if (failing === 'cut') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"data":');
      setTimeout(() => response.destroy(), ANSWERS_AFTER_MS);
      return undefined;
    }
    const { status = 200, headers = {}, body = '' } = failing ? refuse(failing, request) : answer(request, asked);
    setTimeout(() => {
      response.writeHead(status, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }, ANSWERS_AFTER_MS);
    return undefined;
  });

  return {
    url: stub.url,
    authority: stub.authority,
    requests: stub.requests,
    close: stub.close,
    asked,
    get maxInFlight() {
      return maxInFlight;
    },
    fail(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      left = times;
    },
    forbidSealing() {
      sealsNothing = true;
    },
  };
}

function isSealing({ path, headers }: RecordedRequest): boolean {
  return path.includes('/encrypt/') || headers['x-amz-target'] === 'TrentService.Encrypt';
}

export function seal(key: Buffer, associatedData: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associatedData);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined if it does not open. */
export function unseal(key: Buffer, associatedData: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < 28) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}
