import { expect, it } from 'vitest';
import type { Loaded } from '../../../src/application/log/aggregate-store.ts';
import { BEGINNING } from '../../../src/application/ports/event-log.ts';
import { retireCredentials } from '../../../src/application/registry/retire-credentials.ts';
import { isRegistryEvent } from '../../../src/domain/aggregate-events.ts';
import { PurserError, unavailable } from '../../../src/domain/errors.ts';
import type { RegistryState } from '../../../src/domain/registry.ts';
import type { RegistryEvent } from '../../../src/domain/registry-events.ts';
import { ACTOR, AT, registry, SEALED } from '../../domain/registry-specification.ts';
import { createdEvent, idOf } from '../../support/recorded-events.ts';

const GRACE_ENDS = '2026-03-01T11:00:00.000Z';
const [projectId, registryId] = ['demo', idOf('a')];
const created = createdEvent('a', 1);
if (created.type !== 'RegistryCreated') throw new Error('it must be created');
const credential = { ...created.data.credential, version: 2, ...SEALED };
const { state: retiring } = registry.given(
  created,
  { type: 'CredentialStaged', data: { registryId, username: 'ada', credential, label: null } },
  {
    type: 'CredentialActivated',
    data: {
      registryId,
      username: 'ada',
      credential,
      retiring: { credentialVersion: 1, secretId: created.data.credential.secretId, graceEndsAt: GRACE_ENDS },
    },
  },
);

interface Around {
  readonly at: string;
  countActiveLeases?(): Promise<number>;
  loadRegistry?(): Promise<Loaded<RegistryState>>;
}

/** The chore on one secret that may retire. */
function choreOn({ at, ...around }: Around) {
  const appended: RegistryEvent[] = [];
  const faults: unknown[] = [];
  const round = retireCredentials({
    findRetirable: async () => [{ projectId, registryId, credentialVersion: 1 }],
    countActiveLeases: around.countActiveLeases ?? (async () => 1),
    aggregates: { loadRegistry: around.loadRegistry ?? (async () => ({ state: retiring, revision: 2 })) },
    writer: {
      async append({ events }) {
        appended.push(...events.filter(isRegistryEvent));
        return { position: BEGINNING, revision: 3, at: AT, actor: ACTOR };
      },
    },
    vault: { settle: async () => undefined },
    sharedNow: async () => Date.parse(at),
    onFault: (error) => faults.push(error),
  });
  return { appended, faults, round: () => round(new AbortController().signal) };
}

const stuck = () => Promise.reject(unavailable('The read models are too far behind the event log. Try again.'));

it('destroys a version whose grace is over, also while nobody can count its leases', async () => {
  const { round, appended, faults } = choreOn({ at: GRACE_ENDS, countActiveLeases: stuck });
  expect([await round(), faults]).toEqual([1, []]);
  expect(appended.map(({ data }) => data)).toMatchObject([{ credentialVersion: 1, reason: 'GRACE_ENDED' }]);
});

it('keeps a version during its grace while nobody can count its leases', async () => {
  const { round, appended, faults } = choreOn({ at: AT, countActiveLeases: stuck });
  expect([await round(), appended, faults.length]).toEqual([0, [], 1]);
});

it('says once that a registry cannot be read, however many rounds meet it', async () => {
  const forged = () => Promise.reject(new PurserError('CREDENTIAL_UNAVAILABLE', 'The record was changed.'));
  const { round, faults } = choreOn({ at: AT, loadRegistry: forged });
  for (let n = 0; n < 5; n += 1) expect(await round()).toBe(0);
  expect(faults).toHaveLength(1);
});
