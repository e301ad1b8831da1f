import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { createNameLookup, type LookUpName } from '../../../src/adapters/egress/name-lookup.ts';
import { EgressFailed } from '../../../src/application/ports/egress.ts';
import { canary } from '../../support/canary.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { startVictim, type Victim } from './victim.ts';

const ROUNDS = 500;
const REQUESTS_A_ROUND = 3;
/** Opened by the operator. It represents the public server that the attacker shows first. */
const GOOD = '127.0.0.2';
const NAME = 'rebind.attacker.example';

let good: Server;
let victims: readonly Victim[];
let dns: DnsServer;
let lookUpName: LookUpName;
/** One set of addresses for each query; the last one also for all further queries. */
let answers: readonly (readonly string[])[] = [];
let queries = 0;

beforeAll(async () => {
  good = createServer((_, response) => response.setHeader('connection', 'close').end('good')).listen(0, GOOD);
  await once(good, 'listening');
  const { port } = good.address() as AddressInfo;
  victims = await Promise.all([startVictim('127.0.0.1', port), startVictim('::1', port)]);
  dns = await startDnsServer(() => answers[Math.min(queries++, answers.length - 1)] ?? []);
  lookUpName = createNameLookup({ servers: [dns.address] });
});
beforeEach(() => {
  queries = 0;
});
afterAll(async () => {
  good.close();
  await Promise.all([dns.close(), ...victims.map((victim) => victim.close())]);
});

const url = () => `http://${NAME}:${(good.address() as AddressInfo).port}/`;
const egress = () => createEgress({ allow: parseAllowList([GOOD]), plainHttpHosts: new Set([NAME]), lookUpName });
const connectionsToVictims = async () => {
  const counts = await Promise.all(victims.map((victim) => victim.connections()));
  return counts.reduce((sum, count) => sum + count, 0);
};

const changingAnswers = fc.array(
  fc.constantFrom([GOOD], [GOOD], ['127.0.0.1'], ['::1'], [GOOD, '127.0.0.1'], ['127.0.0.1', GOOD], [GOOD, '::1'], []),
  { minLength: 1, maxLength: 8 },
);

describe('a name with changing addresses', () => {
  it(`never leads from the judged address to another, in ${ROUNDS} rounds`, async () => {
    const password = canary('rebinding');
    const before = await connectionsToVictims();
    let reached = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(changingAnswers, async (sequence) => {
        answers = sequence;
        queries = 0;
        const session = egress().open();
        const faults: unknown[] = [];
        for (let request = 0; request < REQUESTS_A_ROUND; request++) {
          const headers = { authorization: `Bearer ${password}` };
          const answer = await session.request({ url: url(), headers }).catch((error: unknown) => error);
          if (answer instanceof EgressFailed) faults.push(answer.fault.kind);
          else expect(String((answer as { body: Buffer }).body)).toBe('good');
        }
        await session.close();
        // One look-up of both families decides for the whole session, whatever its result.
        expect(queries).toBe(2);
        expect([0, REQUESTS_A_ROUND]).toContain(faults.length);
        if (faults.length === 0) reached++;
        else if (faults[0] === 'TARGET_NOT_ALLOWED') refused++;
      }),
      { numRuns: ROUNDS },
    );
    expect(await connectionsToVictims()).toBe(before);
    expect(victims.map((victim) => victim.heard()).join('')).not.toContain(password);
    // Otherwise the rounds would prove nothing.
    expect(reached).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  it('leads there with a guard that judges one look-up and connects by another, and the count shows it', async () => {
    const before = await connectionsToVictims();
    answers = [[GOOD], [GOOD], ['127.0.0.1']];
    const signal = AbortSignal.timeout(5_000);
    const judged = await lookUpName(NAME, { signal, isOperators: false });
    expect(judged).toEqual([GOOD]);

    const lookUpAgain = async () => (await lookUpName(NAME, { signal, isOperators: false }))[0] ?? '';
    const agent = new Agent({
      connect: {
        lookup: (_, __, callback) => void lookUpAgain().then((address) => callback(null, [{ address, family: 4 }])),
      },
    });
    await agent.request({ origin: url(), path: '/', method: 'GET' }).then(({ body }) => body.dump());
    await agent.destroy();
    expect(await connectionsToVictims()).toBe(before + 1);
  });
});

describe('a socket that is connected to another address', () => {
  it('is closed before a byte is sent', async () => {
    answers = [[GOOD]];
    const [victim] = victims;
    if (victim === undefined) throw new Error('no victim');
    const before = await victim.connections();
    const heard = victim.heard();
    const rerouted = createEgress({
      allow: parseAllowList([GOOD]),
      plainHttpHosts: new Set([NAME]),
      lookUpName,
      openSocket: (options) => connect({ ...options, host: '127.0.0.1' }),
    });
    const sent = rerouted.request({ url: url(), headers: { authorization: `Bearer ${canary('rerouted')}` } });
    await expect(sent).rejects.toMatchObject({ fault: { kind: 'TARGET_NOT_ALLOWED', rule: 'ADDRESS' } });
    expect(await victim.connections()).toBe(before + 1);
    expect(victim.heard()).toBe(heard);
  });
});
