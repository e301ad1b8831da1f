import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWindow } from '../../src/domain/run-window.ts';
import { type Ask, askFor, dockerAsk, externalSecretsAsk, kubeletAsk } from '../support/credential-asks.ts';
import { type HttpService, startHttpService } from '../support/http-service.ts';

let service: HttpService;
let token: string;
beforeAll(async () => {
  service = await startHttpService();
  token = service.issuer.token();
});
afterAll(() => service[Symbol.asyncDispose]());

const ask = (one: Ask) => askFor({ url: service.url.replace('/graphql', '') }, one);
const asks = (bearer: string, query?: string): [string, Ask][] => [
  ['docker-credential', dockerAsk('docker.io', bearer, query)],
  ['kubelet', kubeletAsk('docker.io/library/alpine', bearer, query)],
  ['external-secrets', externalSecretsAsk('docker.io', bearer, query)],
];

describe('the routes for credentials', () => {
  it('are for POST alone', async () => {
    for (const [name, one] of asks(token)) {
      const { status, headers } = await ask({ ...one, method: 'GET' });
      expect({ name, status, allow: headers.get('allow') }).toEqual({ name, status: 405, allow: 'POST' });
    }
  });

  it('take JSON only where the client sends JSON', async () => {
    for (const [name, one] of asks(token)) {
      const { status } = await ask({ ...one, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
      expect({ name, status }).toEqual({ name, status: name === 'docker-credential' ? 200 : 415 });
    }
  });

  it('refuse what is too large, malformed or not known, with a sentence in plain text', async () => {
    for (const [name, one] of asks(token)) {
      const large = await ask({ ...one, body: JSON.stringify({ registries: 'x'.repeat(70_000) }) });
      expect({ name, status: large.status }).toEqual({ name, status: 413 });
      expect(large.text).toBe('Purser refused this (BAD_USER_INPUT): The body is too large.\n');
    }
    for (const query of [
      '',
      'project=',
      'project=demo&project=demo',
      'project=demo&run=1',
      'project=demo&ttlSeconds=x',
    ]) {
      for (const [name, one] of asks(token, query)) {
        const { status, headers, text } = await ask(one);
        const type = headers.get('content-type');
        expect({ name, query, status, type }).toEqual({ name, query, status: 422, type: 'text/plain; charset=utf-8' });
        expect(text).toMatch(/^Purser refused this \(BAD_USER_INPUT\): [A-Z`][^\n]+\n$|ttlSeconds/);
      }
    }
    const { status } = await ask({ ...kubeletAsk('x', token), body: JSON.stringify({ serviceAccountToken: token }) });
    expect(status).toBe(422);
  });

  it('answer a refused token with 401 before they read a body that is not signed by itself', async () => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /v1/docker-credential/get?project=demo HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n');
    const [begun] = await once(socket, 'data');
    expect(String(begun)).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it('are counted, logged and traced as operations, without what was asked for', async () => {
    const { headers } = await ask({
      ...dockerAsk('docker.io', token, 'project=demo&pipeline=secret-name'),
      headers: { 'x-request-id': 'ask-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    });
    expect(headers.get('x-request-id')).toBe('ask-1');
    const line = service
      .log()
      .split('\n')
      .find((one) => one.includes('"ask-1"'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      operation: 'mutation',
      name: 'docker-credential',
      fields: ['issueCredential'],
      project: 'demo',
      outcome: 'SUCCEEDED',
      traceId: 'a'.repeat(32),
    });
    expect(service.log()).not.toContain('secret-name');
    expect((await service.metrics.exposition()).text).toMatch(
      /purser_graphql_request_duration_seconds_count\{operation="mutation",outcome="ok"\} [1-9]/,
    );
  });
});

describe('a run of a caller that has none', () => {
  it('is half a lease long, so that at least half a lease is left of what is given', () => {
    const ttlSeconds = 7200;
    const begin = Date.parse('2030-01-01T00:00:00Z');
    const runs = new Set<string>();
    for (let minute = 0; minute < 240; minute += 1) {
      const now = begin + minute * 60_000;
      const run = runWindow(now, ttlSeconds);
      runs.add(run);
      expect(Date.parse(run.replace(/\/.*/, '')) + ttlSeconds * 1000 - now).toBeGreaterThan(3_600_000);
    }
    expect(runs.size).toBe(4);
  });

  it('is shared by nobody who asks for shorter or longer leases', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    expect(new Set([60, 61, 3600, 7200].map((ttlSeconds) => runWindow(now, ttlSeconds))).size).toBe(4);
  });
});
