import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT } from '../support/use-cases.ts';

const URL = 'registry.example';
const FOREIGN = registryId(PROJECT, URL);
const UNKNOWN = registryId('nobody', URL);

/** What a command read: for each statement, its kind and how many events it gave. */
async function readsOf(run: (application: ReturnType<ReturnType<typeof createWorld>['replica']>) => Promise<unknown>) {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(canary('own')) }));
  for (const name of ['one', 'two', 'three']) {
    await world.application.updateRegistry(aCaller(), PROJECT, FOREIGN, command.update({ name }));
  }
  for (let lease = 0; lease < 3; lease += 1) {
    await world.application.issueCredential(aCaller(), PROJECT, command.issue());
  }
  const reads: string[] = [];
  const application = world.replica((log: EventLog) => ({
    ...log,
    async readStream(stream, options) {
      const events = await log.readStream(stream, options);
      reads.push(`${stream.split('-')[0]} ${options.maxCount}: ${events.length}`);
      return events;
    },
  }));
  const before = world.countedLeases.length;
  const error = await run(application).then(
    () => 'no error',
    ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
  );
  return { reads, error, countedLeases: world.countedLeases.length - before, probed: world.probed.length };
}

type Run = (id: string, idempotencyKey: string | undefined) => Parameters<typeof readsOf>[0];
const password = new Secret(canary('foreign'));
const COMMANDS: readonly (readonly [string, Run])[] = [
  [
    'updateRegistry',
    (id, idempotencyKey) => (application) =>
      application.updateRegistry(aCaller(), 'own', id, command.update({ name: 'x', idempotencyKey })),
  ],
  [
    'rotateCredential',
    (id, idempotencyKey) => (application) =>
      application.rotateCredential(
        aCaller(),
        'own',
        id,
        command.rotate({ password, whenInUse: 'REFUSE', idempotencyKey }),
      ),
  ],
  [
    'deleteRegistry',
    (id, idempotencyKey) => (application) =>
      application.deleteRegistry(aCaller(), 'own', id, { force: false, expectedRevision: undefined, idempotencyKey }),
  ],
  ['testStagedCredential', (id) => (application) => application.testStagedCredential(aCaller(), 'own', id, 2)],
  ['testRegistry', (id) => (application) => application.testRegistry(aCaller(), 'own', id, undefined)],
];

describe.each(COMMANDS)('%s with the id of another project’s registry', (_name, run) => {
  it.each([undefined, 'key'])('reads and answers exactly as with an unknown id (idempotency key: %s)', async (key) => {
    const [foreign, unknown] = [await readsOf(run(FOREIGN, key)), await readsOf(run(UNKNOWN, key))];
    expect(foreign).toEqual(unknown);
    expect(foreign).toMatchObject({ error: expect.stringMatching(/^NOT_FOUND /), countedLeases: 0, probed: 0 });
    for (const read of foreign.reads) expect(read).toMatch(/: 0$/);
  });
});

it('a command on the id of another project’s registry does not queue behind that project’s commands', async () => {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  let isProbed = () => {};
  const probing = new Promise<void>((resolve) => {
    isProbed = resolve;
  });
  let answer = () => {};
  world.whileProbing = () =>
    new Promise((resolve) => {
      answer = resolve;
      isProbed();
    });
  const rotation = world.application.rotateCredential(
    aCaller(),
    PROJECT,
    FOREIGN,
    command.rotate({ password, verify: true }),
  );
  await probing;
  const foreign = world.application.updateRegistry(aCaller(), 'own', FOREIGN, command.update({ name: 'x' }));
  await expect(foreign).rejects.toMatchObject({ code: 'NOT_FOUND' });
  answer();
  await rotation;
});
