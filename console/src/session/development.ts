import { errorOf, errorOfStatus, hasCode, isRecord, OfflineError } from '../api/errors.ts';
import { SignInFailed, type Tokens } from './tokens.ts';

/** Where links of the start lead. */
export const SIGN_IN_PATH = '/sign-in';

/** The code of a link such as `/sign-in#code=…`; undefined if there is none. */
export function codeOf(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('code') ?? undefined;
}

/** What somebody pasted: a whole link, its code, or a token. */
export function pastedSignIn(text: string): { code: string } | { token: string } | undefined {
  const trimmed = text.trim();
  const code = trimmed.includes('#') ? codeOf(trimmed.slice(trimmed.indexOf('#'))) : undefined;
  if (code !== undefined) return { code };
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(trimmed)) return { token: trimmed };
  return undefined;
}

/**
 * What exchanges a code. It may be called again after an `OfflineError`: the answer that did not come may have used the code up,
 * which is told apart from a link that somebody else used.
 */
export function codeExchange(code: string): () => Promise<Tokens> {
  let isAnswerLost = false;
  return async () => {
    try {
      return await exchangeCode(code);
    } catch (error) {
      if (error instanceof OfflineError) isAnswerLost = true;
      if (!hasCode(error, 'UNAUTHENTICATED')) throw error;
      throw new SignInFailed({ kind: isAnswerLost ? 'link-lost' : 'link-used' }, { cause: error });
    }
  };
}

/** @throws ApiError UNAUTHENTICATED if the code was used or is too old; OfflineError */
async function exchangeCode(code: string): Promise<Tokens> {
  const response = await post({ code });
  const body: unknown = await response.json().catch(() => undefined);
  // A proxy in front of the service refuses with the same status, and says nothing of the link.
  if (!response.ok) throw errorOf(body, undefined) ?? errorOfStatus(response.status, undefined);
  if (!isRecord(body) || typeof body.token !== 'string') throw new OfflineError('The service gave no token.');
  return { accessToken: body.token, expiresAt: timeOf(body.expiresAt) };
}

async function post(body: object): Promise<Response> {
  try {
    return await fetch('/console/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
  } catch (cause) {
    throw new OfflineError('The service did not answer.', { cause });
  }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
