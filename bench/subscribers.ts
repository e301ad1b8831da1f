import { median, milliseconds } from './figures.ts';
import { operation } from './graphql.ts';
import type { PurserEnvironment } from './purser-process.ts';
import { createRegistries, PROJECT, rotateBody } from './registries.ts';
import type { ServiceOrder } from './service-worker.ts';
import type { Delivery, SubscribersOrder } from './subscribers-worker.ts';
import type { Row } from './table.ts';
import type { TokenIssuer } from './tokens.ts';
import { startWorker } from './worker.ts';

const SUBSCRIBERS = 1_000;
const WARM_UP_NOTICES = 10;
const NOTICES = 40;

const SUBSCRIPTION = `subscription ($projectId: ID!) {
  rotationNotices(projectId: $projectId) { cursor kind registryId url credentialVersion occurredAt actor message } }`;

/**
 * Rotates a password while a thousand clients listen. The time runs from the first client's notice or the mutation's
 * answer, whichever comes first, until the last client has the notice.
 */
export async function benchSubscribers(environment: PurserEnvironment, issuer: TokenIssuer): Promise<Row[]> {
  const token = await issuer.token(PROJECT);
  const service = startWorker<ServiceOrder, string | number>('service-worker.js', { execArgv: ['--expose-gc'] });
  const clients = startWorker<SubscribersOrder, Delivery>('subscribers-worker.js');
  try {
    const url = String(await service.send({ kind: 'start', environment }));
    const [registry = ''] = await createRegistries(url, token, 1);
    const open = (count: number) =>
      clients.send({ kind: 'open', url, token, body: operation(SUBSCRIPTION, { projectId: PROJECT }), count });
    const publish = () => clients.send({ kind: 'publish', url, token, body: rotateBody(registry) });

    await open(SUBSCRIBERS);
    for (let notice = 0; notice < WARM_UP_NOTICES; notice += 1) await publish();
    const deliveries: Delivery[] = [];
    for (let notice = 0; notice < NOTICES; notice += 1) deliveries.push(await publish());
    const withSubscribers = Number(await service.send({ kind: 'heap' }));
    await clients.send({ kind: 'close' });
    const without = Number(await service.send({ kind: 'heap' }));
    await service.send({ kind: 'stop' });

    const times = deliveries.map(({ first, answered, last }) => last - Math.min(first, answered));
    const whole = median(deliveries.map(({ last }) => last));
    const [typical, worst] = [median(times), Math.max(...times)];
    const kilobytes = (withSubscribers - without) / SUBSCRIBERS / 1024;
    return [
      {
        what: 'notice to the last of 1,000 subscribers, median',
        measured: `${milliseconds(typical)} (${milliseconds(whole)} from the request that caused it)`,
        goal: '≤ 20 ms',
        met: typical <= 20,
      },
      { what: '… worst of 40', measured: milliseconds(worst), goal: '≤ 40 ms', met: worst <= 40 },
      { what: '… heap a connection', measured: `${kilobytes.toFixed(1)} KB`, goal: '≤ 8 KB', met: kilobytes <= 8 },
    ];
  } finally {
    await Promise.all([service.stop(), clients.stop()]);
  }
}
