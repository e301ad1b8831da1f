import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AskedKey } from '../../../src/adapters/key-management/external-key.ts';
import { createKeyManagement, type KeyManagement } from '../../../src/adapters/key-management/key-management.ts';
import { parseKeyManagement } from '../../../src/adapters/key-management/settings.ts';
import type { UnwrappedKeysOptions } from '../../../src/adapters/key-management/unwrapped-keys.ts';
import { type KeyEncryptionKey, keyFaultOf } from '../../../src/adapters/vault/key-encryption-key.ts';
import type { ExternalKey } from '../../../src/adapters/vault/key-file-format.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { PurserError } from '../../../src/domain/errors.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type { KeyServiceDouble, ServiceFault } from '../../support/key-services/key-service-double.ts';
import { KMS_ARN, kmsSettings, startKmsDouble } from '../../support/key-services/kms-double.ts';
import { startTransitDouble, transitSettings } from '../../support/key-services/transit-double.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { measureHeldUp } from '../../support/waited-for-cpu.ts';
import { egressTo } from '../minting/minter-fixture.ts';

interface Kind {
  readonly key: ExternalKey;
  readonly start: () => Promise<{ readonly service: KeyServiceDouble; readonly settings: string }>;
  /** Keys that are asked for at once: more than are sent at once, and few enough to be there in time on a slow machine. */
  readonly atOnce: number;
  /** How many requests that takes. */
  readonly requests: number;
  readonly maxInFlight: number;
  /** What the operator reads when the service refuses. */
  readonly forbidden: RegExp;
  readonly missing: RegExp;
}

const TRANSIT: Kind = {
  key: { kind: 'transit', id: 7, mount: 'transit', name: 'purser' },
  async start() {
    const service = await startTransitDouble();
    return { service, settings: transitSettings(service, { method: 'token', token: service.issueToken() }) };
  },
  atOnce: 250,
  requests: 3,
  maxInFlight: 4,
  forbidden:
    /^Key 7 \(transit:transit\/purser\) may not be used: a policy must allow update on transit\/encrypt\/purser\.$/,
  missing: /^Key 7 \(transit:transit\/purser\) is not there: transit\/encrypt\/purser was not found\./,
};
const AWS_KMS: Kind = {
  key: { kind: 'aws-kms', id: 7, arn: KMS_ARN, region: 'eu-central-1' },
  async start() {
    const service = await startKmsDouble();
    return { service, settings: kmsSettings(service) };
  },
  atOnce: 50,
  requests: 50,
  maxInFlight: 16,
  forbidden: /^Key 7 \(aws-kms:arn:\S+\) may not be used: the policies of the key .* must allow kms:Encrypt\.$/,
  missing: /^Key 7 \(aws-kms:arn:\S+\) is not there: there is no such key in that account and region\.$/,
};

function changedAt(bytes: Buffer, index: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}

const CONTEXT = Buffer.from('project demo, registry reg.example');

describe.each([
  ['a transit engine', TRANSIT],
  ['AWS KMS', AWS_KMS],
])('a key of %s (protocol double)', (_name, kind) => {
  let service: KeyServiceDouble;
  let settings: string;
  let asked: AskedKey[];
  let key: KeyEncryptionKey;
  const managements: KeyManagement[] = [];
  beforeEach(async () => {
    ({ service, settings } = await kind.start());
    asked = [];
    key = open();
  });
  afterEach(async () => {
    for (const management of managements.splice(0)) management.close();
    await service.close();
  });

  function open(unwrappedKeys: UnwrappedKeysOptions = {}): KeyEncryptionKey {
    const management = createKeyManagement({
      settings: parseKeyManagement(new Secret(settings)),
      egress: egressTo(service),
      now: Date.now,
      unwrappedKeys,
      onAsked: (one) => asked.push(one),
    });
    managements.push(management);
    return management.open(kind.key);
  }

  /** The fault behind what the caller gets, which is always UNAVAILABLE. */
  async function faultOf(asking: Promise<unknown>) {
    const error: unknown = await asking.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PurserError);
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The keys of stored credentials cannot be reached at the moment. Try again.',
    });
    const fault = keyFaultOf(error);
    if (fault === undefined) throw new Error('the error has no fault of a key', { cause: error });
    return fault;
  }

  const refused = (asking: Promise<unknown>) => expect(asking).rejects.toThrow(SecretIntegrityError);

  it('opens what it has sealed, for its context alone', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await key.wrap(dataKey, CONTEXT);
    expect((await key.unwrap(wrapped, CONTEXT)).equals(dataKey)).toBe(true);
    await refused(key.unwrap(wrapped, Buffer.from('another context')));
    await refused(open().unwrap(wrapped, Buffer.concat([CONTEXT, Buffer.of(0)])));
    expect((await open().unwrap(wrapped, CONTEXT)).equals(dataKey)).toBe(true);
  });

  it('refuses what was changed, wherever', async () => {
    const wrapped = await key.wrap(randomBytes(32), CONTEXT);
    const outcomes: PromiseSettledResult<Buffer>[] = [];
    for (let first = 0; first < wrapped.length; first += kind.maxInFlight) {
      const indexes = [...wrapped.keys()].slice(first, first + kind.maxInFlight);
      outcomes.push(
        ...(await Promise.allSettled(indexes.map((index) => key.unwrap(changedAt(wrapped, index), CONTEXT)))),
      );
    }
    expect(outcomes).toHaveLength(wrapped.length);
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'opened'));
    expect(reasons.filter((reason) => !(reason instanceof SecretIntegrityError))).toEqual([]);
    for (const rubbish of [Buffer.alloc(0), randomBytes(200), Buffer.from('vault:v1:')]) {
      await refused(key.unwrap(rubbish, CONTEXT));
    }
  });

  it('refuses what is no data key', async () => {
    await refused(key.unwrap(await key.wrap(randomBytes(31), CONTEXT), CONTEXT));
  });

  it('tells the service no names', async () => {
    await key.unwrap(await key.wrap(randomBytes(32), CONTEXT), CONTEXT);
    const sent = JSON.stringify(service.requests);
    for (const word of ['demo', 'reg.example', CONTEXT.toString('base64').slice(0, 16)])
      expect(sent).not.toContain(word);
  });

  it('asks once for what many want at the same time, and not again for a while', async () => {
    const wrapped = await key.wrap(randomBytes(32), CONTEXT);
    const opened = await Promise.all(Array.from({ length: 200 }, () => key.unwrap(wrapped, CONTEXT)));
    opened[0]?.fill(0);
    expect(opened[1]?.equals(await key.unwrap(wrapped, CONTEXT))).toBe(true);
    expect(service.asked).toEqual({ wrap: 1, unwrap: 1 });
  });

  it('asks again when its time is over, however often it was used', async () => {
    const ttlMs = 150;
    const brief = open({ ttlMs });
    const wrapped = await brief.wrap(randomBytes(32), CONTEXT);
    const begin = performance.now();
    const elapsed = () => performance.now() - begin;
    while (service.asked.unwrap < 3 && elapsed() < PATIENCE_MS) await brief.unwrap(wrapped, CONTEXT);
    expect(service.asked.unwrap).toBe(3);
    // Twice it was held for its time.
    expect(elapsed()).toBeGreaterThan(1.9 * ttlMs);
  });

  it('sends what comes together in few requests, and few at a time', async () => {
    const wrapped = await Promise.all(Array.from({ length: kind.atOnce }, () => key.wrap(randomBytes(32), CONTEXT)));
    expect(service.requests).toHaveLength(kind.requests);
    await Promise.all(wrapped.map((one) => key.unwrap(one, CONTEXT)));
    expect(service.asked).toEqual({ wrap: kind.atOnce, unwrap: kind.atOnce });
    expect(service.maxInFlight).toBeLessThanOrEqual(kind.maxInFlight);
  });

  it('opens the others of a batch if one does not open', async () => {
    const wrapped = await Promise.all(Array.from({ length: 20 }, () => key.wrap(randomBytes(32), CONTEXT)));
    const outcomes = await Promise.allSettled(
      wrapped.map((one, index) => key.unwrap(one, index === 7 ? Buffer.from('wrong') : CONTEXT)),
    );
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(wrapped.map((_, index) => index !== 7));
  });

  it.each<[ServiceFault, RegExp]>([
    ['cut', /^Key 7 \(\S+\) cannot be reached \(\w+\)\.$/],
    ['broken', /^Key 7 \(\S+\) was answered with status 50\d\.$/],
    ['throttled', /^Key 7 \(\S+\) was asked too often\.$/],
  ])(
    'comes through one %s request, is UNAVAILABLE while it goes on, and comes back by itself',
    async (fault, sentence) => {
      const wrapped = await key.wrap(randomBytes(32), CONTEXT);
      service.fail(fault, 1);
      await key.unwrap(wrapped, CONTEXT);
      expect(asked.map((one) => one.fault?.kind)).toEqual([undefined, 'outage', undefined]);

      service.fail(fault);
      expect(await faultOf(key.wrap(randomBytes(32), CONTEXT))).toMatchObject({
        kind: 'outage',
        keyId: 7,
        message: expect.stringMatching(sentence),
      });
      // What is held still opens.
      await key.unwrap(wrapped, CONTEXT);
      service.fail(undefined);
      await key.wrap(randomBytes(32), CONTEXT);
    },
  );

  it('is UNAVAILABLE within its deadline if the service hangs, and keeps nobody waiting after it', async () => {
    service.fail('hang');
    const [startedAt, heldUpMs] = [performance.now(), measureHeldUp(process.pid)];
    const faults = await Promise.all(Array.from({ length: 5 }, () => faultOf(key.wrap(randomBytes(32), CONTEXT))));
    expect(performance.now() - startedAt - heldUpMs()).toBeLessThan(9_500);
    for (const { kind: of } of faults) expect(of).toBe('outage');
    service.fail(undefined);
    await expect.poll(() => key.wrap(randomBytes(32), CONTEXT).then(() => true)).toBe(true);
  });

  it.each<['forbidden' | 'missing']>([['forbidden'], ['missing']])(
    'tells the operator what to do if it is %s, at once',
    async (fault) => {
      service.fail(fault);
      const { kind: of, message } = await faultOf(key.wrap(randomBytes(32), CONTEXT));
      expect(of).toBe('refused');
      expect(message).toMatch(kind[fault]);
      expect(service.requests.length).toBeLessThanOrEqual(2);
    },
  );

  it('puts no key, token or text of the service into an error', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await key.wrap(dataKey, CONTEXT);
    const secrets = [dataKey.toString('base64'), wrapped.toString('base64'), wrapped.toString('latin1')].concat(
      settings.match(/hvs\.[^"]+|a-secret-access-key/g) ?? [],
    );
    for (const fault of ['cut', 'broken', 'throttled', 'forbidden', 'missing'] as const) {
      service.fail(fault);
      const found = await faultOf(key.wrap(dataKey, CONTEXT));
      for (const secret of secrets) expect(found.message + found.stack).not.toContain(secret);
      expect(found.message).not.toMatch(/the text of the service|permission denied|sealed/);
    }
  });

  it('refuses what the egress guard does not let out, and says how to open it', async () => {
    const closed = createKeyManagement({
      settings: parseKeyManagement(new Secret(settings)),
      egress: egressTo({ authority: 'elsewhere.example' }),
      now: Date.now,
      onAsked: () => undefined,
    }).open(kind.key);
    const { kind: of, message } = await faultOf(closed.wrap(randomBytes(32), CONTEXT));
    expect([of, message]).toEqual(['refused', expect.stringMatching(/PLAIN_HTTP_HOSTS|EGRESS_ALLOW/)]);
    expect(service.requests).toEqual([]);
  });
});
