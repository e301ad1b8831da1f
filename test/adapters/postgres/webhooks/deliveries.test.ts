import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../../src/adapters/egress/egress.ts';
import type { DeliveryFault } from '../../../../src/domain/webhook.ts';
import { MAX_ATTEMPTS } from '../../../../src/domain/webhook-retries.ts';
import { createCertificates } from '../../../support/certificates.ts';
import { idsOf, type Receiver, statuses, taken, verified } from '../../../support/webhook-receiver.ts';
import { plainHosts, useWebhookWorld, type WebhookReplicaOptions } from '../../../support/webhook-world.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** The queue in Postgres, the sender, the egress guard and receivers, all real; the clock is the test's. */
const { receiver, replica, notify, clock, at, sql, closeAfter } = useWebhookWorld();

/** Sends one notice to a receiver that answers so, and gives what became of it. */
async function outcomeOf(
  answer: Receiver['answer'],
  options: Partial<WebhookReplicaOptions> = {},
): Promise<{ readonly fault: DeliveryFault | null; readonly statusClass: number | null; readonly chat: Receiver }> {
  const chat = await receiver(answer);
  const { send, deliveries } = replica({ chat }, { deadlineMs: 1_000, ...options });
  await notify();
  await send();
  const [delivery] = await deliveries();
  return { fault: delivery?.lastFault ?? null, statusClass: delivery?.lastStatusClass ?? null, chat };
}

describe('a notice that Purser did not queue', () => {
  const COPY = `insert into webhooks.notices select gen_random_uuid(), position + 1, sequence, project_id, registry_id, kind,
    occurred_at, notice, code from webhooks.notices`;

  it.each([
    ['that somebody put beside a genuine one', COPY, 1],
    ['of another kind', `update webhooks.notices set kind = 'DELETED'`, 0],
    ['of another project', `update webhooks.notices set project_id = 'other'`, 0],
    ['with another cursor', `update webhooks.notices set sequence = 7`, 0],
    ['with another message', `update webhooks.notices set notice = replace(notice::text, 'alice', 'eve')::json`, 0],
    ['of another time', `update webhooks.notices set occurred_at = now()`, 0],
  ])('is not sent, and the operator is told: one %s', async (_which, forge, genuine) => {
    const chat = await receiver();
    const { send, faults, queries } = replica({ chat });
    await notify();
    await sql(forge);
    await send();
    const FORGED = `select id, project_id from webhooks.deliveries where state = 'DEAD_LETTER' and last_fault = 'FORGED'`;
    const [forged] = (await sql(FORGED)) as { id: string; project_id: string }[];
    // Nor if somebody has it sent again.
    await queries.replay(String(forged?.project_id), String(forged?.id), at());
    await send();
    expect([chat.received.length, (await sql(FORGED)).length]).toEqual([genuine, 1]);
    expect(faults.map(String)).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining('not queued by Purser')),
    );
  });
});

describe('a delivery that fails', () => {
  it('is tried again after five seconds, with the same id and body, and a new time and signature', async () => {
    const chat = await receiver(statuses(500, 200));
    const { send, deliveries } = replica({ chat });
    const [eventId] = await notify();
    await send();
    expect(await deliveries()).toMatchObject([
      { state: 'PENDING', attempts: 1, lastFault: 'SERVER_ERROR', lastStatusClass: 5, endedAt: null },
    ]);
    clock.now += 5 * SECOND - 1;
    await send();
    expect(chat.received).toHaveLength(1);
    clock.now += 1;
    await send();
    expect(idsOf(chat)).toEqual([eventId, eventId]);
    const [first, second] = chat.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-timestamp']).toBe(String(Math.floor(clock.now / 1000)));
    for (const each of chat.received) expect(verified(each, chat.secret)).toMatchObject({ id: eventId });
    expect(await deliveries()).toMatchObject([
      { state: 'DELIVERED', attempts: 2, lastFault: null, lastStatusClass: 2 },
    ]);
  });

  it('is a dead letter after ten attempts over 75 hours, and starts anew when it is replayed', async () => {
    const chat = await receiver(statuses(503));
    const { send, deliveries, queries } = replica({ chat });
    await notify();
    const begin = clock.now;
    await send();
    for (let due = await nextAttempt(); due !== null; due = await nextAttempt()) {
      clock.now = Date.parse(due);
      await send();
    }
    expect(chat.received).toHaveLength(MAX_ATTEMPTS);
    expect((clock.now - begin) / HOUR).toBeCloseTo(75.58, 1);
    const [dead] = await deliveries();
    expect(dead).toMatchObject({ state: 'DEAD_LETTER', attempts: MAX_ATTEMPTS, endedAt: at(), nextAttemptAt: null });
    clock.now += DAY;
    await send();
    expect(chat.received).toHaveLength(MAX_ATTEMPTS);

    await queries.replay('demo', dead?.id ?? '', at());
    await send();
    expect(await deliveries()).toMatchObject([{ state: 'PENDING', attempts: 1 }]);
    chat.answer = taken;
    clock.now += 5 * SECOND;
    await send();
    expect(await deliveries()).toMatchObject([{ state: 'DELIVERED', attempts: 2 }]);
    expect(new Set(idsOf(chat)).size).toBe(1);

    async function nextAttempt(): Promise<string | null> {
      return (await deliveries())[0]?.nextAttemptAt ?? null;
    }
  });

  it.each<[string, Receiver['answer'], DeliveryFault | null, number | null]>([
    ['any 2xx', statuses(299), null, 2],
    ['404', statuses(404), 'REFUSED', 4],
    ['a redirect to the metadata of a cloud', redirect('http://169.254.169.254/latest/meta-data/'), 'REDIRECTED', 3],
    ['a redirect to itself', redirect('/'), 'REDIRECTED', 3],
    ['nothing', () => undefined, 'TIMED_OUT', null],
    ['the head of an answer, byte by byte', drippedHead, 'TIMED_OUT', null],
    ['something that is not HTTP', (response) => response.socket?.end('hello\r\n\r\n'), 'MALFORMED_ANSWER', null],
    ['a closed connection', (response) => response.socket?.destroy(), 'MALFORMED_ANSWER', null],
  ])('has the right fault, and one request, if the receiver answers %s', async (_, answer, fault, statusClass) => {
    const outcome = await outcomeOf(answer);
    expect(outcome).toMatchObject({ fault, statusClass });
    expect(outcome.chat.received).toHaveLength(1);
  });

  it('is delivered by the status alone: the body of an answer is not read, be it slow or large', async () => {
    let sent = 0;
    const begin = performance.now();
    const slow = await outcomeOf((response) => response.writeHead(200).write('a'), { deadlineMs: 20_000 });
    const large = await outcomeOf(
      (response) => {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
        };
        response.on('drain', more).on('error', () => undefined);
        more();
      },
      { deadlineMs: 20_000 },
    );
    expect([slow, large]).toMatchObject([
      { fault: null, statusClass: 2 },
      { fault: null, statusClass: 2 },
    ]);
    // What fits into buffers of sockets goes out before the connection is gone.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    // Neither waited for its deadline.
    expect(performance.now() - begin).toBeLessThan(20_000);
  });

  it('is refused by the guard, without a connection, if the operator did not open the address', async () => {
    const chat = await receiver();
    const connected: unknown[] = [];
    const egress = createEgress({
      allow: parseAllowList([]),
      plainHttpHosts: plainHosts({ chat }),
      openSocket: (options) => {
        connected.push(options);
        throw new Error('nothing may connect');
      },
    });
    const { send, deliveries } = replica({ chat }, { egress });
    await notify();
    await send();
    expect(await deliveries()).toMatchObject([
      { state: 'PENDING', lastFault: 'TARGET_NOT_ALLOWED', lastStatusClass: null },
    ]);
    expect([connected, chat.received]).toEqual([[], []]);
  });

  it('is so if the certificate is of an unknown authority, and is not once the operator names the authority', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-webhook-'));
    closeAfter({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
    const { caCertificate, keyFile, certificateFile } = await createCertificates(folder);
    const tls = { key: await readFile(keyFile), cert: await readFile(certificateFile) };
    const chat = await receiver(taken, { tls, host: 'localhost' });
    const stranger = replica({ chat });
    await notify();
    await stranger.send();
    expect(await stranger.deliveries()).toMatchObject([{ lastFault: 'TLS_INVALID', lastStatusClass: null }]);
    expect(chat.received).toEqual([]);

    clock.now += 5 * SECOND;
    const friend = replica({ chat }, { entry: { caCertificate } });
    await friend.send();
    expect(await friend.deliveries()).toMatchObject([{ state: 'DELIVERED' }]);
    expect(verified(chat.received[0] ?? expect.fail(), chat.secret)).toMatchObject({ specversion: '1.0' });
  });
});

function redirect(location: string): Receiver['answer'] {
  return (response) => response.writeHead(302, { location }).end();
}

function drippedHead({ socket }: Parameters<Receiver['answer']>[0]): void {
  const head = `HTTP/1.1 200 OK\r\nx-slow: ${'a'.repeat(200)}\r\n\r\n`;
  let place = 0;
  const timer = setInterval(() => {
    if (socket === null || socket.destroyed || place >= head.length) return clearInterval(timer);
    socket.write(head[place] ?? '');
    place += 1;
  }, 50);
}
