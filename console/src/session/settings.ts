import { isRecord, OfflineError } from '../api/errors.ts';

/** How people sign in, as the service writes it into the page, and has it at `GET /console/settings`. */
export interface ConsoleSettings {
  /** Of the service. */
  readonly version: string;
  readonly signIn: SignIn;
}

export type SignIn = { readonly kind: 'development' } | ProviderSettings | { readonly kind: 'none'; reason: string };

export interface ProviderSettings {
  readonly kind: 'openid-connect';
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** Which service the access token is for: RFC 8707 has `resource`, some providers take `audience`. */
  readonly resource?: string;
  readonly audience?: string;
}

/** @throws OfflineError if the service does not answer as it should */
export async function readSettings(): Promise<ConsoleSettings> {
  const settings = settingsOf(settingsOfPage() ?? (await fetchSettings()));
  if (settings === undefined) throw new OfflineError('The service did not say how to sign in.');
  return settings;
}

/** Undefined where something else serves the page. */
function settingsOfPage(): unknown {
  const written = document.querySelector<HTMLMetaElement>('meta[name="purser-settings"]')?.content;
  return written ? JSON.parse(written) : undefined;
}

async function fetchSettings(): Promise<unknown> {
  try {
    const response = await fetch('/console/settings', { cache: 'no-store', credentials: 'omit', redirect: 'error' });
    return response.ok ? await response.json() : undefined;
  } catch (cause) {
    throw new OfflineError('The service did not answer.', { cause });
  }
}

/** Undefined if it is not what the service answers. */
export function settingsOf(body: unknown): ConsoleSettings | undefined {
  if (!isRecord(body) || typeof body.version !== 'string' || !isRecord(body.signIn)) return undefined;
  const signIn = signInOf(body.signIn);
  return signIn && { version: body.version, signIn };
}

function signInOf(given: Record<string, unknown>): SignIn | undefined {
  if (given.kind === 'development') return { kind: 'development' };
  if (given.kind === 'none' && typeof given.reason === 'string') return { kind: 'none', reason: given.reason };
  const { kind, issuer, clientId, scope, resource, audience } = given;
  if (kind !== 'openid-connect') return undefined;
  if (typeof issuer !== 'string' || typeof clientId !== 'string' || typeof scope !== 'string') return undefined;
  return {
    kind,
    issuer,
    clientId,
    scope,
    ...(typeof resource === 'string' ? { resource } : {}),
    ...(typeof audience === 'string' ? { audience } : {}),
  };
}
