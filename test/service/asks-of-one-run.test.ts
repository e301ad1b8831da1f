import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { canary } from '../support/canary.ts';
import {
  type Ask,
  type AskAnswer,
  askFor,
  dockerAsk,
  externalSecretsAsk,
  kubeletAsk,
} from '../support/credential-asks.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { rounds } from '../support/rounds.ts';
import { createWoodpeckerDouble, WOODPECKER_URL } from '../support/woodpecker.ts';
import { AUDIT, CREATE, LEASES } from './operations.ts';

const ASKS = rounds({ usual: 100, torture: 1000 });
const AT_ONCE = 20;
const password = canary('one-run');
const woodpecker = createWoodpeckerDouble();
const SERVERS = [{ url: WOODPECKER_URL, publicKey: woodpecker.publicKey, projects: ['demo'] }];

let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser({
    environment: { CALLER_ISSUES_PER_MINUTE: '0', WOODPECKER_SERVERS: JSON.stringify(SERVERS) },
  });
  await purser.graphql(CREATE, { input: { url: 'docker.io', username: 'ada', password } });
});
afterAll(() => purser.stop());

/** With a pod in it, as the API server makes tokens of service accounts. */
const tokenOf = (subject: string) =>
  purser.token({
    subject,
    projects: { demo: ['iam:project:cicd:registry:use'] },
    claims: { 'kubernetes.io': { pod: { name: subject, uid: `uid-of-${subject}` } } },
  });

async function askOften(make: () => Ask): Promise<AskAnswer[]> {
  const answers: AskAnswer[] = [];
  let asked = 0;
  const asker = async () => {
    while (asked++ < ASKS) answers.push(await askFor(purser, make()));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, asker));
  return answers;
}

/** All that services of this run have logged. */
function logged(): string {
  const folder = inject('logFolder');
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('');
}

/** Asks in one protocol, each under a pipeline of its own, by callers with tokens. */
const PROTOCOLS: readonly (readonly [name: string, ask: (token: string) => Ask])[] = [
  ['docker-credential', (token) => dockerAsk('docker.io', token, 'project=demo&pipeline=docker-credential&runId=1')],
  ['kubelet', (token) => kubeletAsk('docker.io/library/alpine', token, 'project=demo&pipeline=kubelet')],
  [
    'external-secrets',
    (token) => externalSecretsAsk('docker.io', token, 'project=demo&pipeline=external-secrets&ttlSeconds=86400'),
  ],
];

describe('many asks of one run', () => {
  it.each(PROTOCOLS)('by %s are one lease, each in the audit log, and no secret in a log line', async (name, ask) => {
    const token = tokenOf(name);
    const answers = await askOften(() => ask(token));
    expect(answers).toHaveLength(ASKS);
    expect(
      answers.filter(({ status, text }) => status !== 200 || !/"(?:Secret|password|dockerconfigjson)":"/.test(text)),
    ).toEqual([]);

    const filter = { pipeline: name, activeOnly: false };
    const { nodes: leases } = (await purser.graphql(LEASES, { filter })).data.leases;
    expect(leases).toMatchObject([{ issuedTo: name, url: 'docker.io', purpose: 'PULL' }]);
    const { nodes, totalCount } = (
      await purser.graphql(AUDIT, { filter: { pipeline: name, action: 'ISSUE_CREDENTIAL' }, first: 1 })
    ).data.auditLog;
    expect(totalCount).toBe(ASKS);
    expect(nodes).toMatchObject([{ outcome: 'SUCCEEDED', actor: name, leaseId: leases[0].id }]);

    const written = logged();
    expect(written).toContain(`"name":"${name}"`);
    const secrets = [password, Buffer.from(`ada:${password}`).toString('base64'), token];
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
  });

  it('by a Woodpecker server are one lease, each signed anew', async () => {
    let asked = 0;
    // No two are alike.
    const answers = await askOften(() =>
      woodpecker.ask({ parameters: (created) => `;created=${created};nonce="${asked++}"` }),
    );
    expect(answers.filter(({ json }) => json?.registries?.[0]?.password !== password)).toEqual([]);
    const filter = { pipeline: 'octo/app', activeOnly: false };
    const { nodes: leases } = (await purser.graphql(LEASES, { filter })).data.leases;
    expect(leases).toMatchObject([{ issuedTo: 'repo:4711:octo/app', runId: '7', purpose: 'PULL' }]);
    const { totalCount } = (await purser.graphql(AUDIT, { filter: { pipeline: 'octo/app' } })).data.auditLog;
    expect(totalCount).toBe(ASKS);
    expect(logged()).toContain('"name":"woodpecker"');
    expect(logged()).not.toContain(password);
  });

  it('are one lease for each identity', async () => {
    const ask = (token: string) => dockerAsk('docker.io', token, 'project=demo&pipeline=shared&runId=1');
    for (const token of [tokenOf('one'), tokenOf('one'), tokenOf('other')]) await askFor(purser, ask(token));
    const filter = { pipeline: 'shared', activeOnly: false };
    const { nodes } = (await purser.graphql(LEASES, { filter })).data.leases;
    expect(nodes.map((lease: { issuedTo: string }) => lease.issuedTo).sort()).toEqual(['one', 'other']);
  });
});
