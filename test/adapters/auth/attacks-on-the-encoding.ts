import { type Attack, group, nested } from './attack.ts';
import { alterSpareBits, encode, forge, honestClaims, NOW, padded, payloadWith, withPart } from './forge.ts';

const honest = forge();
const [header = '', payload = '', signature = ''] = honest.split('.');
/** A good token with spare bits in this part. */
const unaligned = (index: 0 | 1 | 2): string => {
  for (let length = 0; ; length++) {
    const token = forge({ header: { x: 'x'.repeat(length) }, claims: { x: 'x'.repeat(length) } });
    if ((token.split('.')[index]?.length ?? 0) % 4 !== 0) return token;
  }
};

const SHAPE = group('malformed', {
  'the empty text': '',
  'one dot': '.',
  'two dots': '..',
  'a header alone': header,
  'two parts': `${header}.${payload}`,
  'an empty header': `.${payload}.${signature}`,
  'an empty payload': `${header}..${signature}`,
  'an empty signature': `${header}.${payload}.`,
  'a fourth part': `${honest}.${signature}`,
  'an empty fourth part': `${honest}.`,
  'five parts, as an encrypted token has': `${honest}.${signature}.${signature}`,
  'a leading space': ` ${honest}`,
  'a trailing space': `${honest} `,
  'a trailing newline': `${honest}\n`,
  'a trailing tab': `${honest}\t`,
  'a trailing NUL': `${honest}\0`,
  'a space before a dot': `${header} .${payload}.${signature}`,
  'a newline inside the payload': withPart(honest, 1, (part) => `${part.slice(0, 8)}\n${part.slice(8)}`),
  'a zero-width space': `${honest}\u200b`,
  'a full-width letter': withPart(honest, 2, (part) => `${part.slice(0, -1)}Ａ`),
  'the scheme before it': `Bearer ${honest}`,
  'quotes around it': `"${honest}"`,
  'two tokens joined by a comma': `${honest},${honest}`,
  'percent encoding': honest.replace('.', '%2E'),
  'padding after the header': withPart(honest, 0, (part) => `${part}=`),
  'padding after the payload': withPart(honest, 1, (part) => `${part}==`),
  'padding after the signature': withPart(honest, 2, (part) => `${part}==`),
  'a plus sign for a minus sign': forge({ claims: { x: '\u03fe\u03fe\u03fe>>>???' } }).replace(/[-_]/g, (sign) =>
    sign === '-' ? '+' : '/',
  ),
  'spare bits set at the end of the header': withPart(unaligned(0), 0, alterSpareBits),
  'spare bits set at the end of the payload': withPart(unaligned(1), 1, alterSpareBits),
  'spare bits set at the end of the signature': withPart(honest, 2, alterSpareBits),
  'a dangling character after the header': withPart(honest, 0, (part) =>
    `${part}A`.padEnd(part.length + 1 + ((4 - (part.length % 4)) % 4), 'A'),
  ),
  'the JSON serialisation': JSON.stringify({ protected: header, payload, signature }),
  'the JSON serialisation, encoded': encode(JSON.stringify({ protected: header, payload, signature })),
});

const STRUCTURE = [
  ...group('malformed', {
    'two subjects': { payloadText: payloadWith('"sub":"mallory"') },
    'two subjects, one escaped': { payloadText: payloadWith('"s\\u0075b":"mallory"') },
    'two expiries': { payloadText: payloadWith(`"exp":${NOW - 600}`) },
    'two equal issuers': { payloadText: payloadWith('"iss":"https://id.example"') },
    'the same project twice': { payloadText: payloadWith('"x":1').replace('{"demo":', '{"demo":[],"demo":') },
    'two equal keys in an unknown claim': { payloadText: payloadWith('"x":[{"a":{"b":1,"b":2}}]') },
    'two equal keys with space before the colon': { payloadText: payloadWith('"sub" \n:"mallory"') },
    'two empty keys': { payloadText: payloadWith('"":1,"":2') },
    'a claim __proto__': { payloadText: payloadWith('"__proto__":{"sub":"mallory"}') },
    'a claim __proto__, escaped': { payloadText: payloadWith('"__pr\\u006fto__":{"sub":"mallory"}') },
    'a claim __proto__ in a list': { payloadText: payloadWith('"x":[{"__proto__":1}]') },
    'a claim constructor': { payloadText: payloadWith('"constructor":{"prototype":{"admin":true}}') },
    'a claim prototype': { payloadText: payloadWith('"prototype":{}') },
    'a project __proto__': { payloadText: payloadWith('"x":1').replace('{"demo":', '{"__proto__":') },
    'nesting 17 deep': { payloadText: payloadWith(`"x":${nested(16)}`) },
    'nesting 2,000 deep': { payloadText: payloadWith(`"x":${nested(2000)}`) },
    'a payload that is a list': { payloadText: JSON.stringify([honestClaims()]) },
    'a payload that is a text': { payloadText: '"alice"' },
    'a payload that is null': { payloadText: 'null' },
    'a payload that is a number': { payloadText: '1' },
    'a payload that is not JSON': { payloadText: 'sub=alice' },
    'a payload with an extra comma': { payloadText: `${JSON.stringify(honestClaims()).slice(0, -1)},}` },
    'a payload with a comment': { payloadText: payloadWith('/**/"x":1') },
    'a payload with a second document': { payloadText: `${JSON.stringify(honestClaims())}{}` },
    'a payload with a byte order mark': { payloadText: `\ufeff${JSON.stringify(honestClaims())}` },
    'a payload that is not UTF-8': { payloadText: Buffer.from(payloadWith('"x":"\xff"'), 'latin1') },
    'an overlong UTF-8 sequence': { payloadText: Buffer.from(payloadWith('"x":"\xc0\xaf"'), 'latin1') },
    'a UTF-8 surrogate': { payloadText: Buffer.from(payloadWith('"x":"\xed\xa0\x80"'), 'latin1') },
    'a payload in UTF-16': { payloadText: Buffer.from(JSON.stringify(honestClaims()), 'utf16le') },
  }),
  ...group('too_large', {
    'a token of 8,193 characters': padded(8193),
    'a token of 10 MB': { claims: { x: 'x'.repeat(7_500_000) } },
  }),
];

/** Tokens that are not in the canonical spelling, and JSON that readers interpret differently. */
export const ATTACKS_ON_THE_ENCODING: readonly Attack[] = [...SHAPE, ...STRUCTURE];
