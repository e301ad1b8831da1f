import type { FastifyInstance } from 'fastify';
import { within } from '../application/deadline.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Each check with its result. Public, so without secrets. */
  readonly checks: Readonly<Record<string, unknown>>;
}

const READINESS_DEADLINE_MS = 5_000;

/** `/healthz`: the process answers. `/readyz`: it can do its work. */
export function healthRoutes(app: FastifyInstance, readiness: () => Promise<Readiness>): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    const { ready, checks } = await within(READINESS_DEADLINE_MS, readiness()).catch((error: unknown) => {
      request.log.warn({ err: error }, 'the readiness check failed');
      return { ready: false, checks: {} };
    });
    return reply.code(ready ? 200 : 503).send({ ready, checks });
  });
}
