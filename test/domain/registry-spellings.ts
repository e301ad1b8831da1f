import fc from 'fast-check';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const label = fc
  .stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/)
  // `xn--` announces an encoded name, and random text after it is rarely one.
  .filter((text) => !text.startsWith('xn--'));
const topLabel = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 2, maxLength: 6 });

/** A host name of two to four labels. The last one has only letters, so it cannot be an IPv4 address. */
export const hostName = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), topLabel)
  .map(([labels, top]) => [...labels, top].join('.'))
  .filter((host) => !['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host));

/** A port that is not a default port. */
export const ownPort = fc.integer({ min: 1, max: 65_535 }).filter((port) => port !== 443 && port !== 80);

/** Other spellings of the host: case, scheme, default port, trailing dot and slashes, API version, outer white space. */
export function spellingsOf(host: string, port: number | null): fc.Arbitrary<string> {
  return fc
    .record({
      upper: fc.infiniteStream(fc.boolean()),
      scheme: fc.constantFrom('', 'https://', 'HTTPS://'),
      dot: fc.constantFrom('', '.'),
      defaultPort: fc.constantFrom('', ':443'),
      path: fc.constantFrom('', '/', '//', '/v1', '/v2', '/v1/', '/v2/', '/v2//'),
      before: fc.constantFrom('', ' ', '\t', '\n'),
      after: fc.constantFrom('', ' ', '\r\n'),
    })
    .map(({ upper, scheme, dot, defaultPort, path, before, after }) => {
      const cased = [...host].map((letter) => (upper.next().value ? letter.toUpperCase() : letter)).join('');
      return `${before}${scheme}${cased}${dot}${port === null ? defaultPort : `:${port}`}${path}${after}`;
    });
}

/** Random combinations of pieces that are hard for URL parsers: most are nonsense, some are nearly a registry. */
export const hostileUrl = fc
  .array(
    fc.oneof(
      hostName,
      fc.constantFrom(
        ...['https://', 'http://', 'ftp://', '//', '/', '\\', ':', ':443', ':80', ':0', ':99999', '@', '?', '#', '%2e'],
        ...['.', '..', '[', ']', '[::1]', '127.1', '0x7f.1', '0177.0.0.1', '2130706433', '127.0.0.1', '１２７', '。'],
        ...[
          'localhost',
          'docker.io',
          'ghcr.io',
          'a',
          'B',
          '_',
          '-',
          'ß',
          'İ',
          '\u212a',
          'é',
          'xn--',
          '\u00ad',
          '\u200b',
        ],
        ...['\u202e', '\0', ' ', '\n', '\ud800', '/v2/', '/org/app', ':latest', '@sha256:', 'user:pw@'],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));
