import { createServer } from 'node:http';
import { REFUSING_REGISTRY } from './plan.ts';

/** A registry that requires a login and refuses every one. Undefined if its port is taken. */
export async function startRefusingRegistry(): Promise<AsyncDisposable | undefined> {
  const server = createServer((_, response) => {
    response.writeHead(401, {
      'www-authenticate': 'Basic realm="seed"',
      'docker-distribution-api-version': 'registry/2.0',
      'content-type': 'application/json',
    });
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  });
  const port = Number(REFUSING_REGISTRY.split(':')[1]);
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!listening) return undefined;
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
