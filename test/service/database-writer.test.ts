import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryId, registryStream } from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { canary } from '../support/canary.ts';
import { type DatabaseWriter, openDatabaseWriter } from '../support/database-writer.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { CREATE, ISSUE } from './operations.ts';

let purser: TestPurser;
let writer: DatabaseWriter;
beforeAll(async () => {
  purser = await startPurser();
  writer = await openDatabaseWriter(purser.connectionString);
});
afterAll(async () => {
  await writer.close();
  await purser.stop();
});

describe('a writer to the database', () => {
  it('cannot be issued the password of another project by copying its events', async () => {
    const url = 'victim.example';
    const input = { url, username: 'robot', password: canary('victim') };
    const created = await purser.graphql(CREATE, { input });
    const victim = created.data.createRegistry.registry.id;
    const [event] = await writer.events(registryStream('demo', victim));
    if (!event) throw new Error('the victim has no event');
    const own = registryId('own', url);
    await writer.append({ ...event, stream: registryStream('own', own), revision: 0 });
    const token = purser.token({ projects: { own: [PERMISSIONS.registryUse] } });
    const answer = await purser.graphql(
      ISSUE,
      { projectId: 'own', input: { image: `${url}/app`, pipeline: 'p' } },
      token,
    );
    expect(answer.data?.issueCredential?.password === input.password).toBe(false);
  });
});
