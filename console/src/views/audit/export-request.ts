import { errorOf, errorOfStatus, OfflineError, SignedOutError } from '../../api/errors.ts';
import type { TokenSource } from '../../api/token-source.ts';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportAsked {
  readonly projectId: string;
  readonly format: ExportFormat;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Begins an export: the log as it arrives. The token goes in a header, so a link would not do.
 * @throws ApiError, OfflineError, SignedOutError
 */
export async function openExport(tokens: TokenSource, asked: ExportAsked, signal: AbortSignal): Promise<ByteStream> {
  const query = new URLSearchParams({ project: asked.projectId, format: asked.format });
  if (asked.from !== undefined) query.set('from', asked.from);
  if (asked.to !== undefined) query.set('to', asked.to);
  const address = `/v1/audit/export?${query}`;
  const token = tokens.current();
  let response = await send(address, token, signal);
  if (response.status === 401) response = await send(address, await tokens.renew(token), signal);
  if (response.status === 401) throw new SignedOutError('The service does not accept the token.');
  if (response.ok && response.body !== null) return response.body;
  throw await refusalOf(response);
}

async function send(address: string, token: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {
      headers: { authorization: `Bearer ${token}` },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new OfflineError('The service did not answer.', { cause: error });
  }
}

async function refusalOf(response: Response): Promise<Error> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const text = await response.text().catch(() => '');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return errorOf(body, requestId) ?? errorOfStatus(response.status, requestId);
}
