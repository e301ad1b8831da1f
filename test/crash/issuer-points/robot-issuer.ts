import type { CredentialIssuer } from '../../../src/application/ports/credential-issuer.ts';
import { Secret } from '../../../src/domain/secret.ts';

/** An issuer that calls a provider over HTTP: `robot-provider.ts`. */
export function createRobotIssuer(url: string): CredentialIssuer {
  async function call(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      signal: signal ?? AbortSignal.timeout(5_000),
    });
    if (!response.ok && !(method === 'DELETE' && response.status === 404)) {
      throw new Error(`the provider answered ${method} ${path} with ${response.status}`);
    }
    return response;
  }
  return {
    name: 'robots',
    revocable: true,
    async create({ registryId }, label, signal) {
      const answer = await call('POST', `/${registryId}`, { label }, signal);
      const { secret } = (await answer.json()) as { secret: string };
      return { password: new Secret(secret), username: `robot-${label}`, mint: undefined, expiresAt: undefined };
    },
    async revoke({ registryId }, label) {
      await call('DELETE', `/${registryId}/${label}`);
    },
    async list({ registryId }) {
      const answer = await call('GET', `/${registryId}`);
      return (await answer.json()) as string[];
    },
  };
}
