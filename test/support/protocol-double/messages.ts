import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import type { ProposedEvent, StoredEvent } from './stored-events.ts';

const TICKS_PER_MS = 10_000n;
/** Since this version what has caught up says where. */
const CAUGHT_UP_SAYS_WHERE = 24;

export function streamName(identifier: shared.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

export function streamIdentifier(name: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(name, 'utf8'));
}

/** As text, however it was sent. */
export function uuidOf(uuid: shared.UUID | undefined): string {
  const parts = uuid?.getStructured();
  if (!parts) return (uuid?.getString() ?? '').toLowerCase();
  const hex = [parts.getMostSignificantBits(), parts.getLeastSignificantBits()]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function uuid(text: string, { structured = false } = {}): shared.UUID {
  if (!structured) return new shared.UUID().setString(text);
  const hex = text.replaceAll('-', '');
  const [most, least] = [hex.slice(0, 16), hex.slice(16)].map((half) => BigInt.asIntN(64, BigInt(`0x${half}`)));
  const parts = new shared.UUID.Structured();
  return new shared.UUID().setStructured(
    parts.setMostSignificantBits(String(most)).setLeastSignificantBits(String(least)),
  );
}

interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

export function proposedEvent(message: ProposedMessage): ProposedEvent {
  const metadata = message.getMetadataMap();
  return {
    id: uuidOf(message.getId()),
    type: metadata.get('type') ?? '',
    contentType: metadata.get('content-type') ?? 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function readEvent(event: StoredEvent, structured: boolean): streams.ReadResp {
  const position = String(event.position);
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuid(event.id, { structured }))
    .setStreamIdentifier(streamIdentifier(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  const metadata = recorded.getMetadataMap();
  metadata.set('type', event.type);
  metadata.set('content-type', event.contentType);
  metadata.set('created', String(BigInt(event.createdMs) * TICKS_PER_MS));
  const read = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(position);
  return new streams.ReadResp().setEvent(read);
}

export function streamNotFound(name: string): streams.ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(name));
  return new streams.ReadResp().setStreamNotFound(notFound);
}

export function confirmation(id: string): streams.ReadResp {
  return new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));
}

export function checkpoint(position: bigint): streams.ReadResp {
  const at = new streams.ReadResp.Checkpoint();
  return new streams.ReadResp().setCheckpoint(
    at.setCommitPosition(String(position)).setPreparePosition(String(position)),
  );
}

/** @param last what the subscription has read last */
export function caughtUp(version: string, last: StoredEvent | undefined, ofAll: boolean): streams.ReadResp {
  const message = new streams.ReadResp.CaughtUp();
  if (Number.parseInt(version, 10) > CAUGHT_UP_SAYS_WHERE) {
    message.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
    if (last && ofAll) {
      const position = String(last.position);
      message.setPosition(new streams.ReadResp.Position().setCommitPosition(position).setPreparePosition(position));
    } else if (last) message.setStreamRevision(String(last.revision));
  }
  return new streams.ReadResp().setCaughtUp(message);
}
