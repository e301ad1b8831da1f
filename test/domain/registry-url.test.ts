import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUrl } from '../../src/domain/parse-url.ts';
import { parseRegistryUrl, usesPlainHttp } from '../../src/domain/registry-url.ts';
import { refusal, refusalIfAny } from './refusals.ts';
import { hostileUrl, hostName, ownPort, spellingsOf } from './registry-spellings.ts';

const plainHttpHosts = new Set(['localhost', 'plain.example:8080']);
const canonical = (entered: string) => parseRegistryUrl(entered, { plainHttpHosts }).url;
const accepted = (entered: string) => {
  let url: string | undefined;
  refusalIfAny(() => {
    url = canonical(entered);
  });
  return url;
};

describe('a registry URL', () => {
  it.each([
    ['ghcr.io', 'ghcr.io'],
    ['  ghcr.io\n', 'ghcr.io'],
    ['https://ghcr.io', 'ghcr.io'],
    ['HTTPS://GHCR.IO/', 'ghcr.io'],
    ['ghcr.io.', 'ghcr.io'],
    ['ghcr.io:443', 'ghcr.io'],
    ['ghcr.io/v2/', 'ghcr.io'],
    ['https://ghcr.io/v1', 'ghcr.io'],
    ['ghcr.io///', 'ghcr.io'],
    ['registry.example.com:5000', 'registry.example.com:5000'],
    ['registry.example.com:80', 'registry.example.com:80'],
    ['localhost', 'localhost'],
    ['localhost:5000', 'localhost:5000'],
    ['registry:5000', 'registry:5000'],
    ['10.0.0.7:5000', '10.0.0.7:5000'],
    ['http://localhost:80/', 'localhost'],
    ['http://localhost:5000', 'localhost:5000'],
    ['http://PLAIN.example:8080/v2/', 'plain.example:8080'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example:5000', 'xn--bcher-kva.example:5000'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['faß.example', 'xn--fa-hia.example'],
    ['[::1]:5000', '[::1]:5000'],
    ['[0:0:0:0:0:0:0:1]:5000', '[::1]:5000'],
    ['[2001:DB8:0::7]', '[2001:db8::7]'],
    ['oci://ghcr.io', 'ghcr.io'],
    ['docker://registry.example.com:5000', 'registry.example.com:5000'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['https://registry-1.docker.io/v2/', 'docker.io'],
    ['Registry-1.Docker.IO.:443', 'docker.io'],
    // An alias with another port is not Docker Hub.
    ['docker.io:5000', 'docker.io:5000'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('written %j is %s', (entered, url) => {
    expect(canonical(entered)).toBe(url);
  });

  it.each([
    ['hub.docker.com', /^Use docker\.io, not hub\.docker\.com/],
    ['https://hub.docker.com/r/library/alpine', /^Use docker\.io/],
    ['github.com/org', /^Use ghcr\.io/],
    ['gitlab.com', /^Use registry\.gitlab\.com/],
    ['', /^Enter the registry's host/],
    [' \t\n', /^Enter the registry's host/],
    ['ghcr.io/org/app', /host only: ghcr\.io\./],
    ['ghcr.io/v3', /host only: ghcr\.io\./],
    ['ghcr.io/v2/_catalog', /host only: ghcr\.io\./],
    ['registry.example.com:5000/team', /host only: registry\.example\.com:5000\./],
    ['https://user:hunter2@ghcr.io', /must not contain `@`/],
    ['user@ghcr.io', /must not contain `@`/],
    ['ghcr.io?token=hunter2', /must not contain `\?` or `#`/],
    ['ghcr.io#top', /must not contain `\?` or `#`/],
    ['ghcr .io', /white space/],
    ['ghcr.io\0', /invisible character/],
    ['ghcr.io\u0007', /invisible character/],
    ['gh\tcr.io', /white space/],
    ['ghcr\u200b.io', /invisible character/],
    ['ghcr\u00ad.io', /invisible character/],
    ['\u202eoi.rchg', /invisible character/],
    ['ghcr\ud800.io', /invisible character/],
    ['http://ghcr.io', /^Plain http is not allowed for ghcr\.io/],
    ['http://plain.example', /^Plain http is not allowed/],
    ['http://localhost.evil.example', /^Plain http is not allowed/],
    ['http://localhost:443', /^Port 443 is the https port/],
    ['ftp://ghcr.io', /reached with https/],
    ['oci://ghcr.io/acme/chart:1.0', /^Enter the registry's host only: ghcr\.io\./],
    ['registry.hub.docker.com', /^Use docker\.io, not registry\.hub\.docker\.com/],
    ['javascript://ghcr.io', /reached with https/],
    ['ghcr.io:', /port must be a number/],
    ['ghcr.io:0', /port must be a number/],
    ['ghcr.io:65536', /port must be a number/],
    ['ghcr.io:05000', /port must be a number/],
    ['ghcr.io:5000:5000', /port must be a number/],
    ['ghcr.io:latest', /port must be a number/],
    ['registry', /is not a full host name/],
    ['registry:443', /is not a full host name/],
    ['127.1', /not a registry's host name/],
    ['0x7f.1', /not a registry's host name/],
    ['0177.0.0.1', /not a registry's host name/],
    ['2130706433', /not a registry's host name/],
    ['１２７.0.0.1', /not a registry's host name/],
    ['ｇｈｃｒ.io', /not a registry's host name/],
    ['ghcr。io', /not a registry's host name/],
    ['\u212aey.example', /not a registry's host name/], // the Kelvin sign
    ['①.example', /not a registry's host name/],
    ['256.1.1.1', /not a registry's host name/],
    ['ghcr%2eio', /not a registry's host name/],
    ['ghcr..io', /not a registry's host name/],
    ['ghcr.io..', /not a registry's host name/],
    ['.ghcr.io', /not a registry's host name/],
    ['-a.example', /not a registry's host name/],
    ['a-.example', /not a registry's host name/],
    ['my_registry.example', /not a registry's host name/],
    ['*.example', /not a registry's host name/],
    ['xn--a.example', /not a registry's host name/],
    ['//ghcr.io', /not a registry's host name/],
    ['https:///ghcr.io', /not a registry's host name/],
    ['[::1', /not a registry's host name/],
    ['[fe80::1%25eth0]', /not a registry's host name/],
    ['[::ffff:127.0.0.1]', /not a registry's host name/],
    ['::1', /not a registry's host name/],
    ['ghcr.io\\@evil.example', /must not contain `@`/],
    ['ghcr.io\\evil.example', /host only: ghcr\.io\./],
    [`${'a'.repeat(64)}.example`, /not a registry's host name/],
    [`${'a.'.repeat(125)}example`, /not a registry's host name/],
    ['a'.repeat(513), /at most 512 characters/],
  ])('written %j is refused with a message that names the fix', (entered, message) => {
    const refused = refusal(() => canonical(entered));
    expect(refused.field).toBe('url');
    expect(refused.message).toMatch(message);
    expect(refused.message).not.toContain('hunter2');
  });

  it('is refused on the field where it was entered', () => {
    expect(refusal(() => parseRegistryUrl('127.1', { plainHttpHosts, field: 'image' })).field).toBe('image');
  });

  it('comes with separate host and port', () => {
    expect(parseRegistryUrl('https://Registry.Example:5000/', { plainHttpHosts })).toEqual({
      url: 'registry.example:5000',
      host: 'registry.example',
      port: 5000,
    });
    expect(parseRegistryUrl('[::1]', { plainHttpHosts })).toEqual({ url: '[::1]', host: '[::1]', port: null });
  });
});

describe('plain http', () => {
  it('is allowed for a host with every port, or for one port, and never for a host that only begins alike', () => {
    expect(usesPlainHttp('localhost', plainHttpHosts)).toBe(true);
    expect(usesPlainHttp('localhost:5000', plainHttpHosts)).toBe(true);
    expect(usesPlainHttp('plain.example:8080', plainHttpHosts)).toBe(true);
    expect(usesPlainHttp('plain.example', plainHttpHosts)).toBe(false);
    expect(usesPlainHttp('plain.example:80801', plainHttpHosts)).toBe(false);
    expect(usesPlainHttp('localhost.example', plainHttpHosts)).toBe(false);
    expect(usesPlainHttp('[::1]:5000', new Set(['[::1]']))).toBe(true);
  });
});

/** The properties of every accepted URL. `normalise` gives undefined if it refuses one. */
function propertiesOf(normalise: (entered: string) => string | undefined) {
  return {
    anySpellingIsOne: fc.property(
      fc
        .tuple(hostName, fc.option(ownPort))
        .chain(([host, port]) =>
          fc.tuple(fc.constant(port === null ? host : `${host}:${port}`), spellingsOf(host, port)),
        ),
      ([url, spelling]) => normalise(spelling) === url,
    ),
    canonicalIsFixed: fc.property(hostileUrl, (entered) => {
      const url = normalise(entered);
      return url === undefined || normalise(url) === url;
    }),
    canonicalIsBare: fc.property(hostileUrl, (entered) => {
      const url = normalise(entered);
      return url === undefined || /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?$/.test(url);
    }),
    hostIsAsTyped: fc.property(hostileUrl, (entered) => {
      const url = normalise(entered);
      if (url === undefined || url === 'docker.io' || url.startsWith('[')) return true;
      const { hostname, host } = new URL(`https://${url}/`);
      const typed = entered.toLowerCase();
      return host === url && (typed.includes(hostname) || typed.includes(domainToUnicode(hostname)));
    }),
  };
}

describe('every registry URL', () => {
  const properties = propertiesOf(accepted);

  it('has one identity in any spelling', () => {
    fc.assert(properties.anySpellingIsOne, { numRuns: 2_000 });
  });

  it('stays the same when its identity is entered again', () => {
    fc.assert(properties.canonicalIsFixed, { numRuns: 5_000 });
  });

  it('keeps no upper case, scheme, path or user in its identity', () => {
    fc.assert(properties.canonicalIsBare, { numRuns: 5_000 });
  });

  it('names the host that was typed and that a URL parser would reach', () => {
    fc.assert(properties.hostIsAsTyped, { numRuns: 10_000 });
  });

  it('is either accepted or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), hostileUrl), (entered) => {
        const refused = refusalIfAny(() => canonical(entered));
        return refused === undefined || refused.field === 'url';
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('the properties find a broken normaliser', () => {
  const trusting = (entered: string) => {
    const url = /^https?:\/\//i.test(entered.trim()) ? entered.trim() : `https://${entered.trim()}`;
    return parseUrl(url)?.host;
  };

  it('that trusts the URL parser to have understood the host', () => {
    expect(fc.check(propertiesOf(trusting).hostIsAsTyped, { numRuns: 10_000 }).failed).toBe(true);
  });

  it('that keeps the trailing dot', () => {
    expect(fc.check(propertiesOf(trusting).anySpellingIsOne, { numRuns: 2_000 }).failed).toBe(true);
  });

  it('that only removes the scheme', () => {
    const stripping = (entered: string) => entered.trim().replace(/^https?:\/\//, '');
    expect(fc.check(propertiesOf(stripping).canonicalIsBare, { numRuns: 5_000 }).failed).toBe(true);
  });
});
