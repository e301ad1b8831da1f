import { readFile } from 'node:fs/promises';
import type { EgressResponse } from '../../application/ports/egress.ts';
import { decodedJson } from './asked-service.ts';
import { KeyServiceFailed } from './key-service.ts';
import type { TransitAuth } from './settings.ts';

export interface TransitLogin {
  /** @param insteadOf a token that was refused. @throws KeyServiceFailed */
  token(refused?: { readonly insteadOf: string }): Promise<string>;
}

interface Held {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** A token is used for this part of its time, so that it does not end on the way. */
const USED_PART = 0.8;
/** How soon a token in a file is read anew. */
const FILE_READ_EVERY_MS = 60_000;
/** After a login that was refused, the next one is not tried before. */
const LOGIN_PAUSE_MS = 5_000;

/** @param send posts to a path below `/v1/` */
export function createTransitLogin(
  auth: TransitAuth,
  send: (path: string, body: object) => Promise<EgressResponse>,
  now: () => number,
): TransitLogin {
  let held: Held | undefined;
  let underWay: Promise<Held> | undefined;
  let refusedUntil = 0;
  let refusal: unknown;

  async function fetchToken(): Promise<Held> {
    switch (auth.method) {
      case 'token':
        return { token: auth.token.reveal(), until: Number.POSITIVE_INFINITY };
      case 'token-file':
        return { token: await readSecret(auth.tokenFile), until: now() + FILE_READ_EVERY_MS };
      case 'kubernetes':
        return logIn(auth.mount, { role: auth.role, jwt: await readSecret(auth.tokenFile) });
      case 'approle':
        return logIn(auth.mount, { role_id: auth.roleId, secret_id: await readSecret(auth.secretIdFile) });
    }
  }

  async function logIn(mount: string, body: object): Promise<Held> {
    const path = `auth/${mount}/login`;
    const { status, body: answer } = await send(path, body);
    const { client_token: token, lease_duration: seconds } = decodedJson(answer)?.auth ?? {};
    if (status === 200 && typeof token === 'string' && token !== '') {
      const lasts = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 * USED_PART : Number.POSITIVE_INFINITY;
      return { token, until: now() + lasts };
    }
    if (status === 429) throw new KeyServiceFailed('throttled', 'was asked too often for a login');
    if (status === 400 || status === 403 || status === 404) {
      throw new KeyServiceFailed('refused', `cannot be used: the login at ${path} was refused (status ${status})`);
    }
    throw new KeyServiceFailed('outage', `cannot be used: the login at ${path} was answered with status ${status}`);
  }

  async function fetchOnce(): Promise<Held> {
    if (now() < refusedUntil) throw refusal;
    try {
      held = await fetchToken();
      return held;
    } catch (error) {
      if (error instanceof KeyServiceFailed && error.kind === 'refused') {
        refusal = error;
        refusedUntil = now() + LOGIN_PAUSE_MS;
      }
      throw error;
    }
  }

  return {
    async token(refused) {
      if (held !== undefined && held.until > now() && held.token !== refused?.insteadOf) return held.token;
      underWay ??= fetchOnce().finally(() => {
        underWay = undefined;
      });
      return (await underWay).token;
    },
  };
}

async function readSecret(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new KeyServiceFailed('refused', `cannot be used: the file ${path} cannot be read (${code})`);
  });
  if (text.trim() !== '') return text.trim();
  throw new KeyServiceFailed('refused', `cannot be used: the file ${path} is empty`);
}
