/** One message in protobuf's wire format, read by the numbers of its fields. A missing field reads as empty or 0. */
export interface Fields {
  has(field: number): boolean;
  bytes(field: number): Buffer;
  /** A varint, or a fixed integer of 64 bits. */
  number(field: number): number;
  double(field: number): number;
  messages(field: number): Fields[];
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** @throws RangeError, Error if it is cut short or no message */
export function fieldsOf(message: Buffer): Fields {
  const values = new Map<number, Buffer[]>();
  let offset = 0;
  while (offset < message.length) {
    const tag = varint();
    const value = read(tag & 7);
    const field = tag >> 3;
    values.set(field, [...(values.get(field) ?? []), value]);
  }

  function varint(): number {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(offset++);
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
  }

  function read(type: number): Buffer {
    switch (type) {
      case VARINT: {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(BigInt(varint()));
        return number;
      }
      case FIXED64:
        return take(8);
      case FIXED32:
        return take(4);
      case DELIMITED:
        return take(varint());
      default:
        throw new Error(`not a wire type: ${type}`);
    }
  }

  function take(length: number): Buffer {
    if (offset + length > message.length) throw new RangeError('the message is cut short');
    offset += length;
    return message.subarray(offset - length, offset);
  }

  const last = (field: number): Buffer | undefined => values.get(field)?.at(-1);
  return {
    has: (field) => values.has(field),
    bytes: (field) => last(field) ?? Buffer.alloc(0),
    number: (field) => Number(last(field)?.readBigUInt64LE() ?? 0n),
    double: (field) => last(field)?.readDoubleLE() ?? 0,
    messages: (field) => (values.get(field) ?? []).map(fieldsOf),
  };
}

/** Packed integers of 64 bits. */
export function numbersOf(packed: Buffer): number[] {
  return Array.from({ length: packed.length / 8 }, (_, index) => Number(packed.readBigUInt64LE(index * 8)));
}
