import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerErrorResponse, ServerWritableStream } from '@grpc/grpc-js';
import type streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { type Cluster, noAnswer } from './cluster.ts';
import type { Member } from './member.ts';
import { caughtUp, checkpoint, confirmation, readEvent, streamName, streamNotFound } from './messages.ts';
import { accessDenied, badRequest, DROPPED, streamDeleted } from './refusals.ts';
import { readFilter, selectEvents, startAfter } from './selection.ts';
import type { StoredEvent } from './stored-events.ts';

type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

export function readHandler(cluster: Cluster, member: Member): (call: ReadCall) => Promise<void> {
  return async (call) => {
    call.on('error', () => undefined);
    const fail = (error: ServerErrorResponse) => void call.emit('error', error);
    const refusal = cluster.refusalOf(call, member, 'read');
    if (refusal) return fail(refusal);
    const options = call.request.getOptions();
    if (!options) return fail(badRequest('a read has options'));
    if (options.hasAll() && !cluster.faults.allowsAll) return fail(accessDenied());
    const cut = cluster.faults.takeCut('read');
    if (cut === 'before') member.breakConnections(call.getPeer());
    if (cut === 'before' || hangsReads(cluster)) return noAnswer();
    if (cluster.faults.hangsFiltered && options.hasFilter() && !options.hasSubscription()) return noAnswer();
    await cluster.faults.slow();

    const structured = options.getUuidOption()?.hasStructured() ?? false;
    const name = options.hasStream() ? streamName(options.getStream()?.getStreamIdentifier()) : undefined;
    const stream = name === undefined ? cluster.events.all : cluster.events.read(name);
    if (stream === 'tombstoned') return fail(streamDeleted(name ?? ''));
    if (options.hasSubscription()) return subscribe(cluster, call, options, structured);
    if (stream === undefined) await send(call, streamNotFound(name ?? ''));
    for (const event of selectEvents(cluster.events, stream ?? [], options, cluster)) {
      if (call.cancelled) return;
      await send(call, readEvent(event, structured));
      if (cut === 'after') {
        // What was written must have left before the connection goes.
        setTimeout(() => member.breakConnections(call.getPeer()), 20);
        return noAnswer();
      }
    }
    call.end();
  };
}

function hangsReads({ faults }: Cluster): boolean {
  return faults.hangs !== undefined && faults.hangs.calls !== 'write';
}

/** Waits if the client reads slowly. */
async function send(call: ReadCall, message: streams.ReadResp): Promise<void> {
  if (call.cancelled || call.write(message)) return;
  const given = new AbortController();
  const { signal } = given;
  await Promise.race([once(call, 'drain', { signal }), once(call, 'cancelled', { signal })]).finally(() =>
    given.abort(),
  );
}

async function subscribe(
  cluster: Cluster,
  call: ReadCall,
  options: streams.ReadReq.Options,
  structured: boolean,
): Promise<void> {
  const filter = readFilter(options);
  const name = options.hasStream() ? streamName(options.getStream()?.getStreamIdentifier()) : undefined;
  const current = (): readonly StoredEvent[] => {
    const events = name === undefined ? cluster.events.all : cluster.events.read(name);
    return events === undefined || events === 'tombstoned' ? [] : events;
  };
  let wake: () => void = () => undefined;
  let dropped = false;
  const drop = () => {
    dropped = true;
    wake();
  };
  const unlisten = cluster.events.onWritten(() => wake());
  call.once('cancelled', () => wake());
  cluster.subscriptions.add(drop);
  try {
    let next = startAfter(cluster.events, current(), options);
    let last: StoredEvent | undefined;
    let isLive = false;
    let sinceCheckpoint = 0;
    await send(call, confirmation(randomUUID()));
    while (!call.cancelled && !dropped) {
      const event = hangsReads(cluster) ? undefined : current()[next];
      if (event) {
        next += 1;
        last = event;
        if (!filter || filter.matches(event)) await send(call, readEvent(event, structured));
        sinceCheckpoint += 1;
        if (filter && sinceCheckpoint >= filter.checkpointEvery) {
          sinceCheckpoint = 0;
          await send(call, checkpoint(event.position));
        }
        continue;
      }
      if (!isLive) await send(call, caughtUp(cluster.version, last, name === undefined));
      isLive = true;
      if (current().length > next && !hangsReads(cluster)) continue;
      if (!call.cancelled && !dropped) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (dropped) call.emit('error', DROPPED);
  } finally {
    unlisten();
    cluster.subscriptions.delete(drop);
  }
}
