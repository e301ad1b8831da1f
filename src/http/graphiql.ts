import type { FastifyInstance, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

const HTML_TYPE = 'text/html; charset=utf-8';
const SCRIPT_TYPE = 'text/javascript; charset=utf-8';
const FOLDER = '/graphiql';

/** Only what this page needs. Its editor sets styles itself; its workers are files of this service. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>GraphiQL: Purser</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${FOLDER}/graphiql.css">
    <script src="${FOLDER}/start.js" defer></script>
    <script src="${FOLDER}/graphiql.js" defer></script>
    <script src="${FOLDER}/page.js" defer></script>
  </head>
  <body class="no-focus-outline"><div id="root"></div></body>
</html>
`;

const PLACEHOLDER = 'Bearer TOKEN';
const HINT = 'Put your token under "Headers" in place of TOKEN. Then load the schema again (Shift-Ctrl-R).';

/**
 * The page asks for the schema when it opens. Without a token there is no need to have the service refuse it. Subscriptions
 * take the token of the last request, because GraphiQL gives the headers only to `fetch`.
 */
const START = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_, label) => '${FOLDER}/' + (label === 'json' || label === 'graphql' ? label : 'editor') + '.worker.js',
};
const send = self.fetch;
let authorization;
self.connectionParams = () => ({ authorization });
self.fetch = (resource, options) => {
  authorization = new Headers(options?.headers).get('authorization');
  return authorization === '${PLACEHOLDER}'
    ? Promise.resolve(Response.json({ errors: [{ message: '${HINT}' }] }))
    : send(resource, options);
};
`;

const SHOW = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  title: 'Purser',
  endpoint: '/graphql',
  subscriptionsProtocol: 'WS',
  connectionParams: self.connectionParams,
  isHeadersEditorEnabled: true,
  defaultQuery: '# Put your token under "Headers", in place of TOKEN.\\n{\\n  viewer {\\n    subject\\n  }\\n}\\n',
  headers: JSON.stringify({ authorization: '${PLACEHOLDER}' }, undefined, 2),
});
`;

/** Whether a browser asks to be shown a page, and not for the answer to a query. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return (
    new Negotiator({ headers: { accept: headers.accept ?? '*/*' } }).mediaType(['application/json', 'text/html']) ===
    'text/html'
  );
}

/** GraphiQL as files of this service: it needs no other host. Only for development. */
export function serveGraphiql(app: FastifyInstance): void {
  // Its package is large, so it is loaded when a page is first shown.
  const assets = async (): Promise<Readonly<Record<string, string>>> => {
    const { GRAPHIQL_ASSETS } = await import('./graphiql-assets.ts');
    return { ...GRAPHIQL_ASSETS, 'start.js': START, 'page.js': SHOW };
  };
  app.get<{ Params: { name: string } }>(`${FOLDER}/:name`, async ({ params }, reply) => {
    const found = await assets();
    const asset = Object.hasOwn(found, params.name) ? found[params.name] : undefined;
    if (asset === undefined) return reply.callNotFound();
    return reply.type(params.name.endsWith('.css') ? 'text/css; charset=utf-8' : SCRIPT_TYPE).send(asset);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' || request.raw.url !== '/graphql' || !wantsPage(request)) return undefined;
    return reply.header('content-security-policy', CONTENT_SECURITY_POLICY).type(HTML_TYPE).send(PAGE);
  });
}
