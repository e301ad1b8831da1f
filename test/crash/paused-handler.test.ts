import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EventLog, WrongExpectedRevision } from '../../src/application/ports/event-log.ts';
import { registryStream } from '../../src/domain/identity.ts';
import { CREATE, GET, ISSUE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { eventTypes } from '../support/event-store.ts';
import { createGate } from '../support/gate.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { type Between, type Replica, startReplica } from './replica.ts';

let purser: TestPurser;
let other: Replica;
beforeAll(async () => {
  purser = await startPurser();
  other = await startReplica(purser);
});
afterAll(async () => {
  await other.close();
  await purser.stop();
});

async function replicaWith(between: Between): Promise<Replica> {
  const replica = await startReplica(purser, between);
  onTestFinished(() => replica.close());
  return replica;
}

/** A replica whose first append waits at the gate, and the outcome of its appends. */
async function pausedBeforeAppend() {
  const beforeAppend = createGate();
  const refused: unknown[] = [];
  const log = (real: EventLog): EventLog => ({
    ...real,
    async append(...append) {
      await beforeAppend.pass();
      return real.append(...append).catch((error) => {
        refused.push(error);
        throw error;
      });
    },
  });
  return { replica: await replicaWith({ log }), beforeAppend, refused };
}

async function created(url: string, password: string): Promise<string> {
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'robot', password } });
  return data.createRegistry.registry.id;
}

async function issuedPassword(url: string): Promise<string> {
  const { data, errors } = await purser.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'p' } });
  return data?.issueCredential?.password ?? errors?.[0]?.extensions.code;
}

const typesOf = (id: string) => eventTypes(purser.environment, registryStream('demo', id));

async function secretStates(id: string): Promise<string[]> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query(
      'select state, num_nonnulls(wrapped_key, ciphertext) as kept from vault.secrets where registry_id = $1 order by sealed_at',
      [id],
    );
    return rows.map(({ state, kept }) => `${state}: ${kept}`);
  });
}

describe('a handler that stops between storing a secret and appending its event', () => {
  it('is refused when it goes on after its secret was cleared, and stores it again', async () => {
    const password = canary('late');
    const id = await created('late.example', canary('first'));
    const { replica, beforeAppend, refused } = await pausedBeforeAppend();
    const rotation = replica.rotate(id, password, randomUUID());
    await beforeAppend.arrived;
    expect(await secretStates(id)).toEqual(['current: 2', 'pending: 2']);

    expect(await other.discardOrphans()).toBe(1);
    await until(async () => (await secretStates(id)).join() === 'current: 2,destroyed: 0');
    beforeAppend.open();
    await rotation;

    expect(refused).toEqual([expect.any(WrongExpectedRevision)]);
    expect(await typesOf(id)).toEqual(['RegistryCreated', 'PendingSecretDiscarded', 'CredentialRotated']);
    expect(await secretStates(id)).toEqual(['destroyed: 0', 'destroyed: 0', 'current: 2']);
    expect(await issuedPassword('late.example')).toBe(password);
  });

  it('would leave a registry without its secret if that were cleared without telling the stream', async () => {
    const id = await created('untold.example', canary('first'));
    const { replica, beforeAppend } = await pausedBeforeAppend();
    const rotation = replica.rotate(id, canary('untold'));
    await beforeAppend.arrived;
    for (const { secretId } of await other.pendingSecrets()) await other.discardUntold(secretId);
    beforeAppend.open();
    await rotation;
    expect(await issuedPassword('untold.example')).toBe('CREDENTIAL_UNAVAILABLE');
  });

  it('and never goes on leaves a secret that is cleared, a registry as it was, and a key that can be used', async () => {
    const [first, second] = [canary('first'), canary('second')];
    const id = await created('dead.example', first);
    const { replica, beforeAppend } = await pausedBeforeAppend();
    const idempotencyKey = randomUUID();
    const neverGoesOn = replica.rotate(id, second, idempotencyKey);
    neverGoesOn.catch(() => undefined);
    await beforeAppend.arrived;

    expect(await other.discardOrphans()).toBe(1);
    expect(await other.discardOrphans()).toBe(0);
    await until(async () => (await secretStates(id)).join() === 'current: 2,destroyed: 0');
    expect(await issuedPassword('dead.example')).toBe(first);
    const { data } = await purser.graphql(ROTATE, { id, input: { password: second, idempotencyKey } });
    // Version 2 was bound to the secret that was cleared: no version is used twice.
    expect(data.rotateCredential.registry.credential.version).toBe(3);
    expect(await issuedPassword('dead.example')).toBe(second);
  });

  it('does not have its secret cleared when its event is in the log, projected or not', async () => {
    const id = await created('logged.example', canary('first'));
    const password = canary('logged');
    await withClient(purser.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from read_models.checkpoint for update');
      const rotation = other.rotate(id, password);
      await until(async () => (await typesOf(id)).length === 2);
      // The command settles by itself what it replaces: no projector has seen the event.
      await until(async () => (await secretStates(id)).join() === 'destroyed: 0,current: 2');
      expect(await other.discardOrphans()).toBe(0);
      // The log alone decides which version is current.
      const issued = other.issue('logged.example/app');
      await client.query('rollback');
      await rotation;
      expect((await issued).password.reveal()).toBe(password);
    });
    expect(await typesOf(id)).toEqual(['RegistryCreated', 'CredentialRotated']);
    expect(await secretStates(id)).toEqual(['destroyed: 0', 'current: 2']);
  });
});

describe('a command whose event is in the log', () => {
  it('does not claim that the old secret is gone if it cannot destroy it; a repeat tries again', async () => {
    const id = await created('stuck.example', canary('first'));
    const asked: string[] = [];
    const replica = await replicaWith({
      vault: (real) => ({
        ...real,
        async settle(effects) {
          asked.push(effects.map(({ kind }) => kind).join());
          if (asked.length === 1) throw new Error('the database did not answer');
          return real.settle(effects);
        },
      }),
    });
    const [password, idempotencyKey] = [canary('second'), randomUUID()];
    await expect(replica.rotate(id, password, idempotencyKey)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^The change is stored, but .* Repeating it with the same idempotencyKey is safe/),
    });
    const repeated = await replica.rotate(id, password, idempotencyKey);
    expect(repeated.credential.version).toBe(2);
    expect(asked).toEqual(['destroy,advance', 'destroy,advance']);
    expect(await secretStates(id)).toEqual(['destroyed: 0', 'current: 2']);
    expect(await typesOf(id)).toEqual(['RegistryCreated', 'CredentialRotated']);
  });
});

describe('while the read models stand still', () => {
  it('a mutation answers, and knows the leases that are only in the log', async () => {
    const id = await created('still.example', canary('still'));
    const { application, context } = other;
    const remove = () =>
      application.deleteRegistry(context(), 'demo', id, {
        force: false,
        expectedRevision: undefined,
        idempotencyKey: undefined,
      });
    await withClient(purser.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from read_models.checkpoint for update');
      const { lease } = await other.issue('still.example/app');
      await expect(remove()).rejects.toMatchObject({ code: 'REGISTRY_IN_USE', details: { activeLeases: 1 } });
      await application.releaseLease(context(), 'demo', lease.id);
      expect(await remove()).toEqual({ deletedId: id, url: 'still.example' });
      expect(await secretStates(id)).toEqual(['destroyed: 0']);
      await client.query('rollback');
    });
  });

  it('a caller reads what it wrote through another replica when they move again', async () => {
    const id = await created('moves.example', canary('moves'));
    const read = () => purser.graphql(GET, { id });
    await withClient(purser.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from read_models.checkpoint for update');
      await other.rotate(id, canary('moves'));
      const reading = read();
      await client.query('rollback');
      expect((await reading).data.registry.credential.version).toBe(2);
    });
  });
});

describe('a rotation between two steps of another use case', () => {
  async function rotatedWhileOpening(url: string) {
    const id = await created(url, canary('old'));
    const password = canary('new');
    const opening = createGate();
    let first = true;
    const replica = await replicaWith({
      vault: (real) => ({
        ...real,
        async open(...secret) {
          if (first) {
            first = false;
            await opening.pass();
          }
          return real.open(...secret);
        },
      }),
    });
    const rotate = async () => {
      await opening.arrived;
      await other.rotate(id, password);
      opening.open();
    };
    return { id, password, replica, rotate };
  }

  it('issues the new password if the old one was chosen and is gone', async () => {
    const { password, replica, rotate } = await rotatedWhileOpening('between.example');
    const [issued] = await Promise.all([replica.issue('between.example/app'), rotate()]);
    expect(issued.password.reveal()).toBe(password);
    expect(issued.lease.credentialVersion).toBe(2);
  });

  it('keeps the new password with a new username if the old one was to be kept and is gone', async () => {
    const { id, password, replica, rotate } = await rotatedWhileOpening('kept.example');
    const [renamed] = await Promise.all([replica.rename(id, 'grace'), rotate()]);
    expect(renamed.username).toBe('grace');
    expect(await issuedPassword('kept.example')).toBe(password);
  });
});
