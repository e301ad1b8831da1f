import * as oauth from 'oauth4webapi';
import { OfflineError } from '../api/errors.ts';
import type { ProviderSettings } from './settings.ts';
import { SignInFailed, type Tokens } from './tokens.ts';

/** Where the provider sends people back to. Both are registered with it, under the address of the console. */
export const SIGNED_IN_PATH = '/signed-in';
export const SIGNED_OUT_PATH = '/sign-in';

/** What must be known again when the provider sends somebody back. */
export interface Departure {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path, search and fragment of the page that was left. */
  readonly returnTo: string;
}

export interface OpenIdProvider {
  /** @returns the page to go to, and what must be kept until somebody comes back. @throws OfflineError, SignInFailed */
  depart(returnTo: string): Promise<{ readonly url: URL; readonly departure: Departure }>;
  /** Takes the code of the address that the provider sent somebody back to. @throws OfflineError, SignInFailed */
  arrive(address: URL, departure: Departure): Promise<Tokens>;
  /** @throws SignInFailed if the provider refuses, OfflineError if it is away, overloaded or out of order */
  renew(tokens: Tokens): Promise<Tokens>;
  /** Has the provider forget the session, as far as it can. @returns its page to go to, if it has one */
  signOut(tokens: Tokens): Promise<URL | undefined>;
}

export function createOpenIdProvider(settings: ProviderSettings, origin: string): OpenIdProvider {
  const issuer = new URL(settings.issuer);
  const client: oauth.Client = { client_id: settings.clientId };
  const redirectUri = `${origin}${SIGNED_IN_PATH}`;
  // The service has checked that only an issuer on this machine has no https.
  const options = { [oauth.allowInsecureRequests]: issuer.protocol === 'http:' };
  const target = {
    ...(settings.resource === undefined ? {} : { resource: settings.resource }),
    ...(settings.audience === undefined ? {} : { audience: settings.audience }),
  };
  let discovered: Promise<oauth.AuthorizationServer> | undefined;

  function discover(): Promise<oauth.AuthorizationServer> {
    discovered ??= oauth
      .discoveryRequest(issuer, options)
      .then((response) => oauth.processDiscoveryResponse(issuer, response))
      .catch((error: unknown) => {
        discovered = undefined;
        throw error;
      });
    return discovered;
  }

  return {
    depart: (returnTo) =>
      explained(async () => {
        const server = await discover();
        if (server.authorization_endpoint === undefined) throw failure('The provider has no page to sign in at.');
        const departure = {
          state: oauth.generateRandomState(),
          nonce: oauth.generateRandomNonce(),
          verifier: oauth.generateRandomCodeVerifier(),
          returnTo,
        };
        const url = new URL(server.authorization_endpoint);
        const parameters = {
          client_id: settings.clientId,
          redirect_uri: redirectUri,
          response_type: 'code',
          scope: settings.scope,
          state: departure.state,
          nonce: departure.nonce,
          code_challenge: await oauth.calculatePKCECodeChallenge(departure.verifier),
          code_challenge_method: 'S256',
          ...target,
        };
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
        return { url, departure };
      }),

    arrive: (address, { state, nonce, verifier }) =>
      explained(async () => {
        const server = await discover();
        const answer = oauth.validateAuthResponse(server, client, address, state);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          oauth.None(),
          answer,
          redirectUri,
          verifier,
          { ...options, additionalParameters: target },
        );
        const given = await oauth.processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
        return tokensOf(given);
      }),

    renew: (tokens) =>
      explained(async () => {
        if (tokens.refreshToken === undefined) throw new SignInFailed({ kind: 'expired' });
        try {
          const server = await discover();
          const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refreshToken, {
            ...options,
            additionalParameters: target,
          });
          return tokensOf(await oauth.processRefreshTokenResponse(server, client, response), tokens);
        } catch (error) {
          // It says nothing of the session, which goes on as long as the token does.
          if (isOutage(error)) throw new OfflineError('The provider is overloaded or out of order.', { cause: error });
          throw error;
        }
      }),

    async signOut({ refreshToken, idToken }) {
      const server = await discover();
      if (refreshToken !== undefined && server.revocation_endpoint !== undefined) {
        const request = oauth.revocationRequest(server, client, oauth.None(), refreshToken, options);
        // The session ends here in any case.
        await request.then(oauth.processRevocationResponse).catch(() => undefined);
      }
      if (server.end_session_endpoint === undefined) return undefined;
      const url = new URL(server.end_session_endpoint);
      url.searchParams.set('client_id', settings.clientId);
      url.searchParams.set('post_logout_redirect_uri', `${origin}${SIGNED_OUT_PATH}`);
      if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken);
      return url;
    },
  };
}

/** A provider that does not rotate a token leaves it out: the one before stays. */
function tokensOf(given: oauth.TokenEndpointResponse, before?: Tokens): Tokens {
  return {
    accessToken: given.access_token,
    expiresAt: given.expires_in === undefined ? undefined : Date.now() + given.expires_in * 1000,
    refreshToken: given.refresh_token ?? before?.refreshToken,
    idToken: given.id_token ?? before?.idToken,
  };
}

function failure(message: string, cause?: unknown): SignInFailed {
  return new SignInFailed({ kind: 'failed', message }, { cause });
}

/** Codes of a provider that cannot answer now. */
const OUTAGES = ['temporarily_unavailable', 'server_error'];
const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/** Whether the provider answered that it cannot answer now: the same request may work later. */
function isOutage(error: unknown): boolean {
  if (error instanceof oauth.ResponseBodyError && OUTAGES.includes(error.error)) return true;
  const status = statusOf(error);
  return status !== undefined && (status >= 500 || status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS);
}

/** Of the answer at fault. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError) {
    return error.status;
  }
  return error instanceof oauth.OperationProcessingError && error.cause instanceof Response
    ? error.cause.status
    : undefined;
}

/** Says what went wrong at the provider in a sentence that holds nothing secret. */
async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SignInFailed || error instanceof OfflineError) throw error;
    if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
      const described = error.error_description === undefined ? '' : `: ${error.error_description}`;
      throw failure(`The provider refused with “${error.error}”${described}.`, error);
    }
    if (error instanceof oauth.WWWAuthenticateChallengeError) {
      throw failure(`The provider refused with HTTP ${error.status}.`, error);
    }
    if (error instanceof oauth.OperationProcessingError) {
      throw failure(`The provider’s answer was not as it must be: ${error.message}.`, error);
    }
    throw new OfflineError('The provider did not answer.', { cause: error });
  }
}
