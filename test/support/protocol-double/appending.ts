import { type handleUnaryCall, Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import code from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/code_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statuses from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import type { IStreamsServer } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { type Call, type Cluster, noAnswer } from './cluster.ts';
import type { Member } from './member.ts';
import { proposedEvent, streamIdentifier, streamName } from './messages.ts';
import { badRequest, streamDeleted, wrongExpectedVersion } from './refusals.ts';
import type { ExpectedState, ProposedEvent, Written } from './stored-events.ts';

/** How the classic protocol's trailers say what is no revision. */
const STATE_NUMBERS = { 'no-stream': -1, any: -2, 'stream-exists': -4 } as const;

type Outcome =
  | Written
  | { readonly kind: 'too-large' }
  | { readonly kind: 'refused'; readonly by: ServerErrorResponse };

/**
 * Does to the stream what the call wants, unless a fault is before it; a fault after it keeps back the answer. `same`: what
 * a call has in common with its repetitions. One that comes while the first is under way is dropped without an answer, as
 * the server drops an append that equals one which not enough nodes have yet.
 */
async function write(
  cluster: Cluster,
  member: Member,
  call: Call,
  change: () => Written,
  same?: string,
): Promise<Outcome> {
  const { faults, underWay } = cluster;
  const refusal = cluster.refusalOf(call, member, 'write');
  if (refusal) return { kind: 'refused', by: refusal };
  const cut = faults.takeCut('write');
  if (cut === 'before') member.breakConnections(call.getPeer());
  if (cut === 'before' || faults.hangs?.takes === false || !(await faults.passed())) return noAnswer();
  if (same !== undefined && underWay.has(same)) return noAnswer();
  const written = change();
  if (cut === 'after') member.breakConnections(call.getPeer());
  if (cut === 'after' || faults.hangs) return noAnswer();
  if (same !== undefined) underWay.add(same);
  await faults.slow();
  if (same !== undefined) underWay.delete(same);
  return written;
}

function append(
  cluster: Cluster,
  member: Member,
  call: Call,
  [stream, expected, events]: readonly [string, ExpectedState, readonly ProposedEvent[]],
): Promise<Outcome> {
  const bytes = events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  if (bytes > cluster.maxAppendBytes) return Promise.resolve({ kind: 'too-large' });
  const change = () => cluster.events.append(stream, expected, events);
  return write(cluster, member, call, change, `${stream} ${events.map(({ id }) => id)}`);
}

export function appendHandlers(
  cluster: Cluster,
  member: Member,
): Pick<IStreamsServer, 'append' | 'batchAppend' | 'delete' | 'tombstone'> {
  return {
    append(call, answer) {
      let options: streams.AppendReq.Options | undefined;
      const events: ProposedEvent[] = [];
      call.on('data', (request: streams.AppendReq) => {
        options ??= request.getOptions();
        const message = request.getProposedMessage();
        if (message) events.push(proposedEvent(message));
      });
      call.on('end', async () => {
        if (!options || events.length === 0) return answer(badRequest('an append has a stream and events'));
        const [stream, expected] = [streamName(options.getStreamIdentifier()), classicState(options)];
        const outcome = await append(cluster, member, call, [stream, expected, events]);
        if (outcome.kind === 'written') answer(null, appended(outcome));
        else if (outcome.kind === 'wrong-state') answer(null, wrongStateAnswer(expected, outcome.actual));
        else answer(refusalFor(outcome, stream, expected, cluster.maxAppendBytes));
      });
    },

    batchAppend(call) {
      const open = new Map<string, { options: streams.BatchAppendReq.Options; events: ProposedEvent[] }>();
      call.on('data', async (request: streams.BatchAppendReq) => {
        const correlation = request.getCorrelationId();
        const key = Buffer.from(correlation?.serializeBinary() ?? []).toString('hex');
        const options = open.get(key)?.options ?? request.getOptions();
        if (!options) return void call.destroy(new Error('a batch has options'));
        const events = [...(open.get(key)?.events ?? []), ...request.getProposedMessagesList().map(proposedEvent)];
        if (!request.getIsFinal()) return void open.set(key, { options, events });
        open.delete(key);
        const [stream, expected] = [streamName(options.getStreamIdentifier()), batchState(options)];
        const outcome = await append(cluster, member, call, [stream, expected, events]);
        if (call.cancelled || call.destroyed) return;
        if (outcome.kind === 'refused') return void call.emit('error', outcome.by);
        const response = new streams.BatchAppendResp()
          .setCorrelationId(correlation)
          .setStreamIdentifier(streamIdentifier(stream));
        if (outcome.kind === 'written') response.setSuccess(batchAppended(outcome));
        else response.setError(batchError(outcome, expected, stream, cluster.maxAppendBytes));
        call.write(response);
      });
      call.on('end', () => call.end());
    },

    delete: removing(cluster, member, { forGood: false }, (position) => {
      const response = new streams.DeleteResp();
      return response.setPosition(
        new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position),
      );
    }),
    tombstone: removing(cluster, member, { forGood: true }, (position) => {
      const response = new streams.TombstoneResp();
      return response.setPosition(
        new streams.TombstoneResp.Position().setCommitPosition(position).setPreparePosition(position),
      );
    }),
  };
}

function removing<Response>(
  cluster: Cluster,
  member: Member,
  how: { readonly forGood: boolean },
  respond: (position: string) => Response,
): handleUnaryCall<streams.DeleteReq | streams.TombstoneReq, Response> {
  return async (call, answer) => {
    const options = call.request.getOptions();
    if (!options) return answer(badRequest('a deletion has options'));
    const [stream, expected] = [streamName(options.getStreamIdentifier()), classicState(options)];
    const outcome = await write(cluster, member, call, () => cluster.events.remove(stream, expected, how));
    if (outcome.kind === 'written') answer(null, respond(String(outcome.position)));
    else answer(refusalFor(outcome, stream, expected, cluster.maxAppendBytes));
  };
}

function refusalFor(
  outcome: Exclude<Outcome, { kind: 'written' }>,
  stream: string,
  expected: ExpectedState,
  maxAppendBytes: number,
): ServerErrorResponse {
  switch (outcome.kind) {
    case 'refused':
      return outcome.by;
    case 'tombstoned':
      return streamDeleted(stream);
    case 'too-large':
      return tooLarge(maxAppendBytes);
    case 'wrong-state':
      return wrongExpectedVersion(
        stream,
        typeof expected === 'number' ? expected : STATE_NUMBERS[expected],
        outcome.actual,
      );
  }
}

function tooLarge(maxAppendBytes: number): ServerErrorResponse {
  const metadata = new Metadata();
  metadata.set('exception', 'maximum-append-size-exceeded');
  metadata.set('maximum-append-size', String(maxAppendBytes));
  const details = `Maximum Append Size of ${maxAppendBytes} Exceeded.`;
  return { name: 'maximum-append-size-exceeded', message: details, code: status.INVALID_ARGUMENT, details, metadata };
}

interface StateOptions {
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

function classicState(options: StateOptions): ExpectedState {
  if (options.hasRevision()) return Number(options.getRevision());
  if (options.hasNoStream()) return 'no-stream';
  return options.hasStreamExists() ? 'stream-exists' : 'any';
}

function batchState(options: streams.BatchAppendReq.Options): ExpectedState {
  if (options.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options.hasNoStream()) return 'no-stream';
  return options.hasStreamExists() ? 'stream-exists' : 'any';
}

type WrittenAt = Extract<Written, { kind: 'written' }>;

function appended({ revision, position }: WrittenAt): streams.AppendResp {
  const at = new streams.AppendResp.Position();
  at.setCommitPosition(String(position)).setPreparePosition(String(position));
  const success = new streams.AppendResp.Success().setCurrentRevision(String(revision)).setPosition(at);
  return new streams.AppendResp().setSuccess(success);
}

/** The classic append says so in its answer; other calls in trailers. */
function wrongStateAnswer(expected: ExpectedState, actual: number | 'no-stream'): streams.AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual === 'no-stream') wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(actual));
  if (typeof expected === 'number') wrong.setExpectedRevision(String(expected));
  else if (expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else wrong.setExpectedStreamExists(new shared.Empty());
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
}

function batchAppended({ revision, position }: WrittenAt): streams.BatchAppendResp.Success {
  const at = new shared.AllStreamPosition();
  at.setCommitPosition(String(position)).setPreparePosition(String(position));
  return new streams.BatchAppendResp.Success().setCurrentRevision(String(revision)).setPosition(at);
}

function batchError(
  outcome: Exclude<Outcome, { kind: 'written' | 'refused' }>,
  expected: ExpectedState,
  stream: string,
  maxAppendBytes: number,
): statuses.Status {
  const details = new any.Any();
  const error = new statuses.Status().setDetails(details);
  switch (outcome.kind) {
    case 'wrong-state':
      details.pack(wrongVersion(expected, outcome.actual).serializeBinary(), 'event_store.client.WrongExpectedVersion');
      return error.setCode(code.Code.FAILED_PRECONDITION).setMessage('WrongExpectedVersion');
    case 'tombstoned': {
      const deleted = new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream));
      details.pack(deleted.serializeBinary(), 'event_store.client.StreamDeleted');
      return error.setCode(code.Code.FAILED_PRECONDITION).setMessage('StreamDeleted');
    }
    case 'too-large': {
      const exceeded = new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendBytes);
      details.pack(exceeded.serializeBinary(), 'event_store.client.MaximumAppendSizeExceeded');
      return error.setCode(code.Code.INVALID_ARGUMENT).setMessage('MaximumAppendSizeExceeded');
    }
  }
}

function wrongVersion(expected: ExpectedState, actual: number | 'no-stream'): shared.WrongExpectedVersion {
  const wrong = new shared.WrongExpectedVersion();
  if (actual === 'no-stream') wrong.setCurrentNoStream(new empty.Empty());
  else wrong.setCurrentStreamRevision(String(actual));
  if (typeof expected === 'number') wrong.setExpectedStreamPosition(String(expected));
  else if (expected === 'no-stream') wrong.setExpectedNoStream(new empty.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new empty.Empty());
  else wrong.setExpectedStreamExists(new empty.Empty());
  return wrong;
}
