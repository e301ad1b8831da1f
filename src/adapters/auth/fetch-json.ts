import * as http from 'node:http';
import * as https from 'node:https';

/**
 * Gets a JSON document: no redirects, no proxy, no more than `maxBytes` read, and nothing once `signal` has aborted.
 * Rejects on any answer but a 200 with JSON.
 */
export type FetchJson = (url: string, options: { signal: AbortSignal; maxBytes: number }) => Promise<unknown>;

/** The answer is not the document that was asked for. The text holds nothing that the other side sent. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

export const fetchJson: FetchJson = async (url, { signal, maxBytes }) => {
  const response = await get(url, signal);
  try {
    if (response.statusCode !== 200) throw new UnexpectedAnswer(`status ${response.statusCode}`);
    const encoding = response.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw new UnexpectedAnswer('compressed although not asked for');
    return parse(await readAtMost(response, maxBytes));
  } finally {
    response.destroy();
  }
};

function get(url: string, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { request } = new URL(url).protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      signal,
      // A connection of its own each time: node:http knows no proxy variables, and nothing stays open in between.
      agent: false,
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
      headers: { accept: 'application/jwk-set+json, application/json', 'accept-encoding': 'identity' },
    };
    request(url, options, resolve).on('error', reject).end();
  });
}

async function readAtMost(response: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new UnexpectedAnswer(`more than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new UnexpectedAnswer('not JSON');
  }
}
