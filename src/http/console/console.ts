import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { JSON_TYPE } from '../answer-type.ts';
import { isNamed } from '../entity-tag.ts';
import { sendFault } from '../graphql-answer.ts';
import { RequestFault, requestFault } from '../request-fault.ts';
import type { Coding, ConsoleBuild, ConsoleFile, Representation } from './console-build.ts';
import { consoleHeaders } from './console-headers.ts';
import { type DevelopmentSignIn, developmentSignInRoute } from './development-sign-in.ts';
import { pageWithSettings } from './page-with-settings.ts';

/** How people sign in, as the console is told. */
export type SignInSettings =
  | { readonly kind: 'development' }
  | {
      readonly kind: 'openid-connect';
      readonly issuer: string;
      readonly clientId: string;
      readonly scope: string;
      readonly resource?: string | undefined;
      readonly audience?: string | undefined;
    }
  | { readonly kind: 'none'; readonly reason: string };

export interface ConsoleSettings {
  readonly version: string;
  readonly signIn: SignInSettings;
}

export interface ConsoleOptions {
  /** Undefined: it was not built, so its pages are not there. */
  readonly build: () => Promise<ConsoleBuild | undefined>;
  readonly settings: ConsoleSettings;
  /** Origins of the provider at which people sign in. */
  readonly connectTo: readonly string[];
  /** Where browsers report what the content security policy refused. Undefined: nowhere. */
  readonly reportTo?: string | undefined;
  /** Undefined: people sign in otherwise. */
  readonly developmentSignIn?: DevelopmentSignIn | undefined;
}

/** The console finds out itself what to show at these. */
const PAGES = ['/', '/sign-in', '/signed-in', '/projects', '/projects/*'];
const SETTINGS_PATH = '/console/settings';
const ASSETS = '/assets/*';
const YEAR_SECONDS = 31_536_000;

/** The web console: its pages, their files, what they need to know, and how a developer signs in. */
export async function consoleRoutes(app: FastifyInstance, options: ConsoleOptions): Promise<void> {
  const { build, settings, connectTo, reportTo, developmentSignIn } = options;
  const pageOf = pageWithSettings(settings);
  const isReading = (request: FastifyRequest) => request.method === 'GET' || request.method === 'HEAD';

  await app.register(async (scope) => {
    scope.setErrorHandler((error, _, reply) => {
      if (error instanceof RequestFault) return sendFault(reply, JSON_TYPE, error);
      throw error;
    });
    scope.addHook('onRequest', async (_, reply) => {
      reply.headers(consoleHeaders({ connectTo, reportTo, styles: (await build())?.styles ?? [] }));
      // They are for its own pages alone, and must not differ by who asks.
      for (const name of ['access-control-allow-origin', 'access-control-expose-headers']) reply.removeHeader(name);
    });

    const serve = (url: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
      scope.route({
        method: scope.supportedMethods,
        url,
        exposeHeadRoute: false,
        // Before a body is read.
        onRequest: async (request) => {
          if (isReading(request) || ((await build()) === undefined && url !== SETTINGS_PATH)) return;
          throw requestFault(405, 'method', 'Read this with GET.', { allow: 'GET, HEAD' });
        },
        handler: async (request, reply) => answer(request, reply),
      });
    serve(SETTINGS_PATH, () => settings);
    for (const path of PAGES) {
      serve(path, async (request, reply) => send(request, reply, pageOf(await build()), 'no-cache'));
    }
    serve(ASSETS, async (request, reply) => {
      const [path = ''] = (request.raw.url ?? '').split('?', 1);
      const file = (await build())?.files.get(path.slice(1));
      return send(request, reply, file, `public, max-age=${YEAR_SECONDS}, immutable`);
    });
    if (developmentSignIn) developmentSignInRoute(scope, developmentSignIn);
  });
}

function send(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  file: ConsoleFile | undefined,
  cacheControl: string,
): FastifyReply | undefined {
  if (file === undefined) {
    reply.callNotFound();
    return undefined;
  }
  const [coding, { body, etag }] = bestOf(file, headers['accept-encoding']);
  reply.headers({ etag, 'cache-control': cacheControl, vary: 'Accept-Encoding' });
  if (isNamed(etag, headers['if-none-match'])) return reply.code(304).send();
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.type(file.type).send(body);
}

/** The smallest that the client takes. A client that takes none gets it as it is. */
function bestOf({ representations }: ConsoleFile, accepted: string | undefined): readonly [Coding, Representation] {
  const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
  const taken = new Negotiator({ headers }).encodings([...representations.keys()]);
  const all = [...representations];
  const best = all.find(([coding]) => taken.includes(coding)) ?? all.at(-1);
  if (best === undefined) throw new Error('a file without content');
  return best;
}
