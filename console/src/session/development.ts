import { errorOf, isRecord, OfflineError } from '../api/errors.ts';
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

/** @throws SignInFailed if the code was used or is too old, OfflineError */
export async function exchangeCode(code: string): Promise<Tokens> {
  const response = await post({ code });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const isUsed = response.status === 401 || response.status === 410;
    const said = errorOf(body, undefined)?.message ?? (isRecord(body) ? body.message : undefined);
    throw new SignInFailed(
      isUsed
        ? { kind: 'link-used' }
        : {
            kind: 'failed',
            message: typeof said === 'string' ? said : `The service refused the link (HTTP ${response.status}).`,
          },
    );
  }
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
