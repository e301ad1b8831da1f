import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { PERMISSIONS } from '../../src/domain/permissions.ts';

/** Permissions by project, as the provider puts them into access tokens; null for a person without any `projects`. */
type Projects = Readonly<Record<string, readonly string[]>> | null;

/** Who can sign in. Each has a button on the provider's page, “Sign in as ada”. */
export const USERS: Readonly<Record<string, Projects>> = {
  ada: { demo: Object.values(PERMISSIONS), shop: Object.values(PERMISSIONS) },
  bob: { demo: [PERMISSIONS.registryRead] },
  dora: { demo: [PERMISSIONS.trustRead] },
  abel: { demo: [PERMISSIONS.auditRead] },
  eve: null,
};

const CLIENT_ID = 'purser-console';
const RESOURCE = 'https://purser.example';
const SCOPE = 'openid offline_access';

export interface OpenidProvider extends AsyncDisposable {
  readonly issuer: string;
  /** What a service is started with, so that people sign in to its console here. */
  readonly environment: { readonly JWT_ISSUERS: string; readonly CONSOLE_OIDC: string };
  /**
   * What a browser does from the provider's page on: signs the person in, and follows to the address of the console.
   * @returns that address, with its code
   */
  signIn(user: string, authorization: URL): Promise<URL>;
  close(): Promise<void>;
}

export interface OpenidProviderOptions {
  /** Default: 600. */
  readonly accessTokenSeconds?: number;
}

/**
 * A real OpenID provider on loopback, for the console of a service on this machine at any port: a public client with
 * PKCE, access tokens as JWTs for one resource, refresh tokens that rotate.
 */
export async function startOpenidProvider({
  accessTokenSeconds = 600,
}: OpenidProviderOptions = {}): Promise<OpenidProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the provider does not listen on a port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, await configurationOf(accessTokenSeconds));
  // A console listens on a port that is known only once it runs.
  provider.Client.prototype.redirectUriAllowed = (uri) => /^http:\/\/127\.0\.0\.1:\d+\/signed-in$/.test(uri);
  provider.Client.prototype.postLogoutRedirectUriAllowed = (uri) => /^http:\/\/127\.0\.0\.1:\d+\/sign-in$/.test(uri);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const handled = request.url?.startsWith('/interaction/')
      ? interact(provider, request, response)
      : Promise.resolve(answer(request, response));
    handled.catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    issuer,
    environment: {
      JWT_ISSUERS: JSON.stringify([{ issuer, audience: RESOURCE, jwksUri: `${issuer}/jwks` }]),
      CONSOLE_OIDC: JSON.stringify({ issuer, clientId: CLIENT_ID, scope: SCOPE, resource: RESOURCE }),
    },
    signIn: (user, authorization) => walkThrough(issuer, user, authorization),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function configurationOf(accessTokenSeconds: number): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/signed-in'],
        post_logout_redirect_uris: ['http://127.0.0.1/sign-in'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true },
    scopes: SCOPE.split(' '),
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { logoutSource: askToLeave },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (resource !== RESOURCE) throw new Error('no such resource');
          return {
            scope: '',
            audience: RESOURCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: accessTokenSeconds,
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      IdToken: 600,
      RefreshToken: 3600,
      Interaction: 600,
      Session: 3600,
      Grant: 3600,
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => (Object.hasOwn(USERS, sub) ? { accountId: sub, claims: () => ({ sub }) } : undefined),
    extraTokenClaims: (_, token) => {
      const projects = 'accountId' in token ? USERS[token.accountId] : undefined;
      return projects ? { projects } : undefined;
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    clientBasedCORS: (_, origin) => /^http:\/\/127\.0\.0\.1:\d+$/.test(origin),
    // Nobody is asked whether the console may have what it asks for: it belongs to whoever runs the provider.
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, params } = oidc;
      if (!client || !session?.accountId) return undefined;
      const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPE);
      if (params?.resource) grant.addResourceScope(RESOURCE, '');
      await grant.save();
      return grant;
    },
  };
}

/** The provider's own page: a button for each user. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const login = new URLSearchParams(await text(request)).get('login');
  if (login !== null && Object.hasOwn(USERS, login)) {
    return provider.interactionFinished(request, response, { login: { accountId: login } });
  }
  const buttons = Object.keys(USERS).map(
    (name) => `<p><button name="login" value="${name}">Sign in as ${name}</button>`,
  );
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><title>Provider</title><form method="post">${buttons.join('')}</form>`);
}

/** The provider's own page for signing out, which asks no other host for anything. */
function askToLeave(context: KoaContextWithOIDC, form: string): void {
  context.body = `<!doctype html><title>Provider</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`;
}

const MAX_STEPS = 10;

async function walkThrough(issuer: string, user: string, authorization: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let next = authorization;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (next.origin !== issuer) return next;
    const isPage = next.pathname.startsWith('/interaction/');
    const answer = await fetch(next, {
      method: isPage ? 'POST' : 'GET',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(isPage && { body: new URLSearchParams({ login: user }) }),
      redirect: 'manual',
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
    next = new URL(location, next);
  }
  throw new Error('the provider leads in a circle');
}
