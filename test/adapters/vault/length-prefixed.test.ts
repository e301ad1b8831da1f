import { expect, it } from 'vitest';
import { lengthPrefixed } from '../../../src/adapters/vault/length-prefixed.ts';

it('puts each field behind its length in bytes, and never writes these bytes in another way', () => {
  const bytes = lengthPrefixed('an event', 'größe 🔑', '', 7, -1, Uint8Array.of(1, 0, 255), 'half of a pair: \ud83d');
  expect(bytes.toString('hex')).toBe(
    [
      ['00000008', '616e206576656e74'],
      ['0000000c', '6772c3b6c39f6520f09f9491'],
      ['00000000', ''],
      ['00000004', '00000007'],
      ['00000004', 'ffffffff'],
      ['00000003', '0100ff'],
      ['00000013', '68616c66206f66206120706169723a20efbfbd'],
    ]
      .flat()
      .join(''),
  );
});
