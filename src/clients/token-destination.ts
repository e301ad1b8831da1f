import { ClientError } from './client-error.ts';

/**
 * A URL that a token may be sent to: https, or http on this machine.
 *
 * @param name of the variable that holds it
 * @throws ClientError
 */
export function tokenDestination(
  name: string,
  value: string,
  { plainHttp = false, query = false }: { readonly plainHttp?: boolean; readonly query?: boolean } = {},
): URL {
  const url = parseUrl(value);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ClientError(`${name} must be an https URL, such as https://purser.example.com`);
  }
  if (url.username !== '' || url.password !== '' || (url.search !== '' && !query) || url.hash !== '') {
    throw new ClientError(`${name} must have no user, password${query ? '' : ', query'} or fragment`);
  }
  if (url.protocol === 'http:' && !plainHttp && !isLoopback(url.hostname)) {
    throw new ClientError(
      `${name} must be https: http would send the token and the password in clear text. ` +
        'Set PURSER_ALLOW_PLAIN_HTTP=true only in a trusted network',
    );
  }
  return url;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** `hostname` comes from the URL parser, which has already turned `127.1` or `0x7f.1` into dotted decimals. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
