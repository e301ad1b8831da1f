import type { EgressResponse } from '../../application/ports/egress.ts';
import { type Instant, instantAt, parseInstant } from '../../domain/instant.ts';
import type { ExpiryLookup } from '../../domain/providers/profile.ts';
import { PROVIDERS } from '../../domain/providers/table.ts';
import { Secret } from '../../domain/secret.ts';
import { basic } from './conversation.ts';
import type { Entrance, RegistryTarget } from './login.ts';
import { isObject, parseJson } from './registry-errors.ts';
import type { Login } from './token-request.ts';

const GITHUB_API = new URL('https://api.github.com/');
const GITLAB_TOKEN_PATH = /\/jwt\/auth\/?$/;

/**
 * When the credential expires, if the provider's API tells the credential itself; null if it does not, or fails. Call
 * this only after the registry has accepted the credential.
 */
export async function expiryAtRegistry(target: RegistryTarget, entrance: Entrance): Promise<Instant | null> {
  const lookup = PROVIDERS[target.provider].expiry;
  if (lookup === undefined || !knows(lookup, target.login)) return null;
  try {
    return await APIS[lookup.api](target, entrance);
  } catch {
    // The expiry is optional: the probe is complete without it.
    return null;
  }
}

function knows({ usernames, passwords }: ExpiryLookup, { username, password }: Login): boolean {
  return usernames?.test(username) !== false && passwords?.test(password.reveal()) !== false;
}

const APIS: Readonly<
  Record<ExpiryLookup['api'], (target: RegistryTarget, entrance: Entrance) => Promise<Instant | null>>
> = {
  GITHUB: expiryAtGitHub,
  GITLAB: expiryAtGitLab,
  HARBOR: expiryAtHarbor,
};

/** Every answer has the expiry in a header, such as `2030-01-31 09:00:00 UTC`. */
async function expiryAtGitHub({ conversation, login, base }: RegistryTarget): Promise<Instant | null> {
  if (base.host !== 'ghcr.io') return null;
  const authorization = new Secret(`Bearer ${login.password.reveal()}`);
  const { headers } = await conversation.ask(GITHUB_API, { authorization });
  const text = headers.get('github-authentication-token-expiration')?.[0] ?? '';
  const { date, time, zone } = GITHUB_TIME.exec(text)?.groups ?? {};
  const offset = zone === 'UTC' ? 'Z' : zone?.replace(/(\d\d)$/, ':$1');
  return parseInstant(`${date}T${time}${offset}`) ?? null;
}

const GITHUB_TIME = /^(?<date>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d) (?<zone>UTC|[+-]\d{4})$/;

/** Asks the GitLab that issues the registry's tokens. */
async function expiryAtGitLab({ conversation, login }: RegistryTarget, entrance: Entrance): Promise<Instant | null> {
  if (entrance.scheme !== 'BEARER') return null;
  const { realm } = entrance.tokenServer;
  if (!GITLAB_TOKEN_PATH.test(realm.pathname)) return null;
  const root = realm.pathname.replace(GITLAB_TOKEN_PATH, '');
  const self = new URL(`${root}/api/v4/personal_access_tokens/self`, realm);
  const response = await conversation.ask(self, {
    authorization: null,
    headers: { 'private-token': login.password.reveal() },
  });
  const { expires_at: day } = jsonOf(response);
  // The token expires at midnight UTC, at the beginning of that day.
  return typeof day === 'string' ? (parseInstant(`${day}T00:00:00Z`) ?? null) : null;
}

/** Works for robot accounts that may list robot accounts. */
async function expiryAtHarbor({ conversation, login, base }: RegistryTarget): Promise<Instant | null> {
  const authorization = basic(login.username, login.password);
  const url = new URL('/api/v2.0/robots?page_size=100', base);

  // The list has the system's robots by default. A project's robots need a query with the project's number.
  const project = /\$(.+)\+/.exec(login.username)?.[1];
  if (project !== undefined) {
    const { project_id: id } = jsonOf(
      await conversation.ask(new URL(`/api/v2.0/projects/${encodeURIComponent(project)}`, base), {
        authorization,
        headers: { 'x-is-resource-name': 'true' },
      }),
    );
    if (typeof id !== 'number') return null;
    url.searchParams.set('q', `Level=project,ProjectID=${id}`);
  }
  const response = await conversation.ask(url, { authorization });
  const robots = response.status === 200 ? parseJson(response.body) : undefined;
  if (!Array.isArray(robots)) return null;
  const own = robots.filter(isObject).find(({ name }) => name === login.username);
  // −1 means never.
  const seconds = own?.expires_at;
  return typeof seconds === 'number' && seconds > 0 ? (instantAt(seconds * 1000) ?? null) : null;
}

function jsonOf({ status, body }: EgressResponse): Readonly<Record<string, unknown>> {
  const value = status === 200 ? parseJson(body) : undefined;
  return isObject(value) ? value : {};
}
