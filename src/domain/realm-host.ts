import { badUserInput, PurserError } from './errors.ts';
import { parseRegistryUrl } from './registry-url.ts';

/**
 * The canonical `host[:port]` of a token server, which is reached over https. Whether it may be reached at all is judged
 * when it is.
 * @throws PurserError BAD_USER_INPUT on `authRealmHost`
 */
export function checkRealmHost(entered: string): string {
  try {
    const { host, port } = parseRegistryUrl(entered, { field: 'authRealmHost', plainHttpHosts: new Set() });
    // Without the aliases of registries: a token server has one name.
    if (typedHost(entered) === host) return port === null ? host : `${host}:${port}`;
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
  }
  throw badUserInput(
    'authRealmHost',
    "authRealmHost is the host of the registry's token server, with its port if it has one, such as gitlab.example.com: no path, no user name, and https only.",
  );
}

function typedHost(entered: string): string | undefined {
  return /^(?:https:\/\/)?(?<host>[^/]+?)\.?(?::\d+)?\/*$/.exec(entered.trim().toLowerCase())?.groups?.host;
}
