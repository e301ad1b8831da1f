import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { packageFolder } from '../package-folder.ts';

/**
 * `GET /clients/<name>` and `GET /clients/<name>.sha256`, whose line `sha256sum -c` reads: the scripts in `clients/`, if they
 * were copied along. They are the same for every caller and need no token: a pipeline fetches them before it has one.
 */
export async function clientFiles(app: FastifyInstance): Promise<void> {
  const folder = join(packageFolder(), 'clients');
  for (const name of existsSync(folder) ? await readdir(folder) : []) {
    const content = await readFile(join(folder, name));
    const digest = createHash('sha256').update(content).digest();
    app.get(`/clients/${name}`, async (_, reply) =>
      reply
        .header('repr-digest', `sha-256=:${digest.toString('base64')}:`)
        .type('text/plain; charset=utf-8')
        .send(content),
    );
    app.get(`/clients/${name}.sha256`, async (_, reply) =>
      reply.type('text/plain; charset=utf-8').send(`${digest.toString('hex')}  ${name}\n`),
    );
  }
}
