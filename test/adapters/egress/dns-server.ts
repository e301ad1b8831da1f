import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { addressValue } from './iana-special-purpose.ts';

export interface DnsServer {
  /** In the form for resolvers: `127.0.0.1:PORT`. */
  readonly address: string;
  /** Every requested name, in order, once for each record type. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const TYPES = { A: 1, AAAA: 28 } as const;
const HEADER_LENGTH = 12;

/**
 * A name server over UDP that may answer differently each time.
 * @param addressesOf of both families; those of the requested type are sent, with no time to live; if undefined, there
 * is no answer at all
 */
export async function startDnsServer(
  addressesOf: (name: string, type: 'A' | 'AAAA') => readonly string[] | undefined,
): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = questionOf(query);
    asked.push(name);
    const addresses = type === TYPES.A || type === TYPES.AAAA ? addressesOf(name, type === TYPES.A ? 'A' : 'AAAA') : [];
    if (addresses === undefined) return;
    const answers = addresses
      .filter((candidate) => isIPv4(candidate) === (type === TYPES.A))
      .map((candidate) => recordOf(type, candidate));
    const header = Buffer.alloc(HEADER_LENGTH);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8580, 2); // an authoritative answer, without error
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, query.subarray(HEADER_LENGTH, end), ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let offset = HEADER_LENGTH;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

function recordOf(type: number, address: string): Buffer {
  const { bits, value } = addressValue(address);
  const data = Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex');
  const head = Buffer.alloc(HEADER_LENGTH);
  head.writeUInt16BE(0xc000 | HEADER_LENGTH, 0); // the name of the question
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
