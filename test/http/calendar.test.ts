import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unavailable } from '../../src/domain/errors.ts';
import { createMetricsServer } from '../../src/http/metrics-server.ts';
import { type HttpService, startHttpService } from '../support/http-service.ts';

const TEXT = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n';
let service: HttpService;
let base: string;
beforeAll(async () => {
  service = await startHttpService({ config: { trustedProxies: 1, calendarReadsAMinute: 5 } });
  base = service.server.address();
});
afterAll(() => service[Symbol.asyncDispose]());

function aCalendar(text = TEXT): string {
  const capability = randomBytes(32).toString('base64url');
  service.double.calendars.set(capability, { feedId: randomUUID(), projectId: 'demo', text });
  return capability;
}

let networks = 0;
function newNetwork(): string {
  networks += 1;
  return `198.51.${networks}.7`;
}

/** From a network where nobody has asked before, unless another is given. */
function read(file: string, init: RequestInit = {}, address = newNetwork()): Promise<Response> {
  return fetch(`${base}/calendar/${file}`, { ...init, headers: { 'x-forwarded-for': address, ...init.headers } });
}

describe('a calendar', () => {
  it('is served without a token, for private caches, with a strong tag of its bytes', async () => {
    const response = await read(`${aCalendar()}.ics`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(TEXT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/calendar; charset=utf-8',
      'cache-control': 'private, max-age=300',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex',
      etag: `"${createHash('sha256').update(TEXT).digest('base64url')}"`,
    });
  });

  it('is not sent again to a client that has it', async () => {
    const capability = aCalendar();
    const etag = (await read(`${capability}.ics`)).headers.get('etag') ?? '';
    for (const named of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await read(`${capability}.ics`, { headers: { 'if-none-match': named } });
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
      expect(response.headers.get('cache-control')).toBe('private, max-age=300');
    }
    for (const named of ['"other"', etag.slice(1, -1), '']) {
      expect((await read(`${capability}.ics`, { headers: { 'if-none-match': named } })).status).toBe(200);
    }
    service.double.calendars.set(capability, { feedId: randomUUID(), projectId: 'demo', text: `${TEXT} ` });
    expect((await read(`${capability}.ics`, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const capability = aCalendar();
    const [got, head] = await Promise.all([read(`${capability}.ics`), read(`${capability}.ics`, { method: 'HEAD' })]);
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of ['etag', 'content-type', 'cache-control', 'content-length']) {
      expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)]);
    }
  });

  it('answers every path that opens nothing like one that does not exist', async () => {
    const nothing = await fetch(`${base}/nowhere`);
    const expected = [nothing.status, await nothing.text(), headersOf(nothing)];
    const capability = aCalendar();
    const unknown = randomBytes(32).toString('base64url');
    const files = [
      `${unknown}.ics`,
      capability,
      `${capability}.ICS`,
      `x${capability}.ics`,
      'x.ics',
      `${'a'.repeat(300)}.ics`,
      '%',
      '%ff.ics',
    ];
    for (const file of files) {
      const response = await read(file);
      expect([response.status, await response.text(), headersOf(response)]).toEqual(expected);
    }
    const posted = await read(`${capability}.ics`, { method: 'POST' });
    expect([posted.status, await posted.text()]).toEqual(expected.slice(0, 2));
  });

  it('is limited by network, and by nothing that the client says', async () => {
    const capability = aCalendar();
    const statuses: number[] = [];
    for (let index = 0; index < 7; index += 1) {
      const file = index % 2 === 0 ? `${capability}.ics` : 'guess.ics';
      const response = await read(file, {}, `203.0.113.${index}`);
      statuses.push(response.status);
      if (response.status !== 429) continue;
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    }
    expect(statuses).toEqual([200, 404, 200, 404, 200, 429, 429]);
    expect((await read(`${capability}.ics`, {}, '203.0.114.1')).status).toBe(200);
  });

  it('is 503 while the log cannot be read', async () => {
    const capability = aCalendar();
    service.double.failure = unavailable('The event log cannot be reached. Try again.');
    const response = await read(`${capability}.ics`);
    service.double.failure = undefined;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
  });

  it('leaves a line without its capability in the log, and so does a fault', async () => {
    const capability = aCalendar();
    const before = service.log().length;
    await read(`${capability}.ics`, { headers: { 'x-request-id': 'calendar-1' } });
    service.double.failure = new Error(`fault with ${capability}`);
    expect((await read(`${capability}.ics`)).status).toBe(500);
    service.double.failure = undefined;
    await read(`${randomBytes(32).toString('base64url')}.ics`);
    const written = service.log().slice(before);
    expect(written).not.toContain(capability);
    const lines = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { msg: 'calendar', path: '/calendar/…', requestId: 'calendar-1', status: 200, project: 'demo' },
      { msg: 'a request failed unexpectedly' },
    ]);
    expect(await (await fetch(`${base}/metrics`)).text()).not.toContain(capability);
  });

  it('is not served where metrics are', async () => {
    const { metrics } = service;
    const readiness = async () => ({ ready: true, checks: {} });
    const apart = createMetricsServer({ metrics, readiness, address: { host: '127.0.0.1', port: 0 } });
    await apart.listen();
    try {
      expect((await fetch(`${apart.address()}/calendar/${aCalendar()}.ics`)).status).toBe(404);
    } finally {
      await apart.close();
    }
  });
});

function headersOf({ headers }: Response): Record<string, string> {
  const { date: _date, 'x-request-id': _id, ...rest } = Object.fromEntries(headers);
  return rest;
}
