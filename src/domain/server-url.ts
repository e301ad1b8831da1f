/** What a credential helper says of a registry that it does not know. Clients search for this sentence, and then go on anonymously. */
export const CREDENTIALS_NOT_FOUND = 'credentials not found in native keychain';

/** Far longer than any URL. Characters. */
export const MAX_SERVER_URL = 4096;

/**
 * Clients keep more in a keychain than registries: `docker logout` asks for `https://index.docker.io/v1/refresh-token` and
 * `…/access-token`. With a scheme, a registry has no other path than that of its API.
 */
export function isOtherKey(serverUrl: string): boolean {
  const [, path] = /^[a-z][a-z0-9+.-]*:\/\/[^/]*(.*)$/i.exec(serverUrl) ?? [];
  return path !== undefined && !/^(?:\/v[12])?\/*$/.test(path);
}

/**
 * The registry that a client of a credential helper means. `registry:5000` alone could also mean an image of Docker Hub,
 * whose credential must not go to that host. With a scheme it can only be the registry.
 */
export function registryOfServerUrl(serverUrl: string): string {
  return serverUrl.includes('/') ? serverUrl : `https://${serverUrl}`;
}
