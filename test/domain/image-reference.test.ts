import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ImageReference, parseImageReference, registryUrlOfImage } from '../../src/domain/image-reference.ts';
import { refusal, refusalIfAny } from './refusals.ts';
import { hostileUrl, hostName, ownPort, spellingsOf } from './registry-spellings.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;
const plainHttpHosts = new Set(['localhost']);

describe('an image reference', () => {
  it.each<[string, ImageReference]>([
    ['alpine', { host: 'docker.io', repository: 'library/alpine' }],
    ['alpine:3.20', { host: 'docker.io', repository: 'library/alpine', tag: '3.20' }],
    [`alpine@${SHA256}`, { host: 'docker.io', repository: 'library/alpine', digest: SHA256 }],
    ['org/app', { host: 'docker.io', repository: 'org/app' }],
    ['org/team/app', { host: 'docker.io', repository: 'org/team/app' }],
    ['docker.io/alpine', { host: 'docker.io', repository: 'library/alpine' }],
    ['index.docker.io/alpine', { host: 'docker.io', repository: 'library/alpine' }],
    ['docker.io/org/app', { host: 'docker.io', repository: 'org/app' }],
    ['localhost/app', { host: 'localhost', repository: 'app' }],
    ['localhost:5000/app:1', { host: 'localhost:5000', repository: 'app', tag: '1' }],
    ['registry:5000/app', { host: 'registry:5000', repository: 'app' }],
    ['Registry/app', { host: 'registry', repository: 'app' }],
    ['ghcr.io/org/app:V1_x-y.z', { host: 'ghcr.io', repository: 'org/app', tag: 'V1_x-y.z' }],
    [`reg.example:5000/a/b:1@${SHA512}`, { host: 'reg.example:5000', repository: 'a/b', tag: '1', digest: SHA512 }],
    ['[::1]:5000/app', { host: '[::1]:5000', repository: 'app' }],
    ['10.0.0.7/app', { host: '10.0.0.7', repository: 'app' }],
    ['a__b/c.d-e---f', { host: 'docker.io', repository: 'a__b/c.d-e---f' }],
    [`org/${'a'.repeat(251)}`, { host: 'docker.io', repository: `org/${'a'.repeat(251)}` }],
    [`app:${'t'.repeat(128)}`, { host: 'docker.io', repository: 'library/app', tag: 't'.repeat(128) }],
    [`${'a'.repeat(64)}:1`, { host: 'docker.io', repository: `library/${'a'.repeat(64)}`, tag: '1' }],
    [`org/${'a'.repeat(64)}`, { host: 'docker.io', repository: `org/${'a'.repeat(64)}` }],
  ])('%s is read as Docker reads it', (image, reference) => {
    expect(parseImageReference(image)).toEqual(reference);
  });

  it.each([
    ['', /must be written/],
    ['Alpine', /lower case/],
    ['org/App', /lower case/],
    ['ghcr.io/Org/app', /lower case/],
    ['alpine:', /tag/],
    ['alpine:-1', /tag/],
    [`alpine:${'t'.repeat(129)}`, /tag/],
    ['alpine:1:2', /tag/],
    ['alpine@sha256:abc', /digest/],
    [`alpine@${SHA256.toUpperCase()}`, /digest/],
    [`alpine@md5:${'a'.repeat(32)}`, /digest/],
    ['alpine@', /digest/],
    ['a'.repeat(64), /must be written/], // an image's id
    [`org/${'a'.repeat(252)}`, /at most 255/],
    ['a'.repeat(1025), /at most 1024/],
    ['/app', /must be written/],
    ['org//app', /must be written/],
    ['org/app/', /must be written/],
    ['ghcr.io/', /must be written/],
    ['-app', /must be written/],
    ['app-', /must be written/],
    ['a..b', /must be written/],
    ['a___b', /must be written/],
    ['al pine', /must be written/],
    ['alpine\n', /must be written/],
    ['my_registry:5000/app', /not a host name/],
    ['../app', /not a host name/],
    ['user:pw@ghcr.io/app', /not a host name/],
    ['ghcr.io:latest/app', /not a host name/],
    ['https://ghcr.io/app', /not a host name/],
  ])('%j is refused', (image, message) => {
    const refused = refusal(() => parseImageReference(image));
    expect(refused.field).toBe('image');
    expect(refused.message).toMatch(message);
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
  const reference = fc.record({
    host: fc
      .tuple(fc.oneof(hostName, fc.constantFrom('localhost', '10.0.0.7', '[::1]')), fc.option(ownPort))
      .map(([host, port]) => (port === null ? host : `${host}:${port}`)),
    path: fc.array(component, { minLength: 1, maxLength: 4 }).map((components) => components.join('/')),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined }),
    digest: fc.option(fc.constantFrom(SHA256, SHA512), { nil: undefined }),
  });

  it('is read back unchanged', () => {
    fc.assert(
      fc.property(reference, ({ host, path, tag, digest }) => {
        const written = `${host}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
        expect(parseImageReference(written)).toEqual({
          host,
          repository: path,
          ...(tag === undefined ? {} : { tag }),
          ...(digest === undefined ? {} : { digest }),
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('names exactly its own host, never one that matches only its beginning or end', () => {
    fc.assert(
      fc.property(reference, ({ host, path }) => {
        // `host/v1` and `host/v2` are the usual spellings of a registry's API address.
        fc.pre(!/^v[12]$/.test(path));
        expect(registryUrlOfImage(`${host}/${path}`, { plainHttpHosts })).toMatchObject({
          url: host,
          repository: path,
        });
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the registry of an image or URL', () => {
  const resolve = (text: string) => {
    const { url, repository } = registryUrlOfImage(text, { plainHttpHosts });
    return repository === undefined ? url : `${url} ${repository}`;
  };

  it.each([
    // Images
    ['alpine', 'docker.io library/alpine'],
    ['alpine:3', 'docker.io library/alpine'],
    [' node:20\n', 'docker.io library/node'],
    ['org/app', 'docker.io org/app'],
    ['docker.io/org/app', 'docker.io org/app'],
    ['index.docker.io/alpine', 'docker.io library/alpine'],
    ['registry-1.docker.io/library/alpine', 'docker.io library/alpine'],
    ['ghcr.io/org/app:1', 'ghcr.io org/app'],
    ['ghcr.io:443/org/app:1', 'ghcr.io org/app'],
    ['GHCR.io/org/app', 'ghcr.io org/app'],
    [`reg.example:5000/team/app@${SHA256}`, 'reg.example:5000 team/app'],
    ['localhost/app', 'localhost app'],
    ['registry:5000/app', 'registry:5000 app'],
    ['foo/v2', 'docker.io foo/v2'],
    ['https://ghcr.io/org/app:1', 'ghcr.io org/app'],
    ['http://localhost:5000/app', 'localhost:5000 app'],
    ['oci://ghcr.io/acme/chart:1.0', 'ghcr.io acme/chart'],
    ['docker://quay.io/acme/app', 'quay.io acme/app'],
    ['Docker://alpine:3', 'docker.io library/alpine'],
    ['registry.hub.docker.com/library/alpine', 'docker.io library/alpine'],
    // Registries
    ['docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['ghcr.io', 'ghcr.io'],
    ['ghcr.io/', 'ghcr.io'],
    ['GHCR.io/v2/', 'ghcr.io'],
    ['https://ghcr.io', 'ghcr.io'],
    ['reg.example:5000', 'reg.example:5000'],
    ['10.0.0.7:5000', '10.0.0.7:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['localhost', 'localhost'],
    ['localhost:5000', 'localhost:5000'],
    ['oci://ghcr.io', 'ghcr.io'],
    ['oci://registry:5000', 'registry:5000'],
    ['docker://ghcr.io', 'ghcr.io'],
    ['registry.hub.docker.com', 'docker.io'],
    // Words that could be either
    ['registry', 'docker.io library/registry'],
    ['registry:5000', 'docker.io library/registry'],
    ['registry:5000/', 'registry:5000'],
    ['https://registry:5000', 'registry:5000'],
    ['bücher.example', 'xn--bcher-kva.example'],
    // Hosts that resemble another
    ['reg.io.evil.example/app', 'reg.io.evil.example app'],
    ['x.azurecr.io.example.com/app', 'x.azurecr.io.example.com app'],
    ['ghcr.io.example.com', 'ghcr.io.example.com'],
    ['notghcr.io/app', 'notghcr.io app'],
    ['ghcr.io:8443/app', 'ghcr.io:8443 app'],
    ['docker.io.example.com/alpine', 'docker.io.example.com alpine'],
  ])('%j is %s', (text, registry) => {
    expect(resolve(text)).toBe(registry);
  });

  it.each([
    ['', /^Enter an image reference/],
    ['hub.docker.com/r/library/alpine', /Use docker\.io/],
    ['127.1/app', /not a registry's host name/],
    ['127.1', /not a registry's host name/],
    ['ghcr.io:latest', /port must be a number/],
    [`ghcr.io@${SHA256}`, /must not contain `@`/],
    ['Org/app', /not a full host name/],
    ['http://ghcr.io', /Plain http is not allowed/],
    ['http://ghcr.io/org/app', /Plain http is not allowed/],
    ['ftp://ghcr.io/org/app', /reached with https/],
    ['oci://hub.docker.com/r/library/alpine', /Use docker\.io/],
    ['docker://user:hunter2@ghcr.io/app', /not a host name/],
    ['docker://', /not a host name|must be written/],
    ['https://user:hunter2@ghcr.io/app', /not a host name/],
    ['user:hunter2@ghcr.io/app', /not a host name/],
    ['ghcr.io/org/app\u200b', /must be written/],
    ['ghcr.io\0', /invisible character/],
    ['a'.repeat(1025), /at most 1024/],
  ])('%j is refused', (text, message) => {
    const refused = refusal(() => resolve(text));
    expect(refused.field).toBe('image');
    expect(refused.message).toMatch(message);
    expect(refused.message).not.toContain('hunter2');
  });

  it.each([
    ['alpine', 'https://index.docker.io/v1/'],
    ['docker.io/org/app', 'https://index.docker.io/v1/'],
    ['index.docker.io/org/app', 'https://index.docker.io/v1/'],
    ['https://index.docker.io/v1/', 'https://index.docker.io/v1/'],
    ['docker://alpine', 'https://index.docker.io/v1/'],
    // Clients know no other names of Docker Hub.
    ['registry-1.docker.io/library/alpine', 'registry-1.docker.io'],
    ['registry.hub.docker.com/library/alpine', 'registry.hub.docker.com'],
    ['docker.io:443/library/alpine', 'docker.io:443'],
    ['registry.example.com:443/team/app:1', 'registry.example.com:443'],
    ['https://registry.example.com:443/team/app:1', 'registry.example.com:443'],
    ['oci://registry.example.com:443/team/chart:1', 'registry.example.com:443'],
    ['registry.example.com:443', 'registry.example.com:443'],
    ['Registry.Example.com/team/app', 'Registry.Example.com'],
    ['registry/app:5000', 'https://index.docker.io/v1/'],
    ['registry:5000/app', 'registry:5000'],
    // An image cannot name these hosts in such a way.
    ['registry.example.com./v2/', 'registry.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ])('of %j is looked up by clients under %s', (text, serverAddress) => {
    expect(registryUrlOfImage(text, { plainHttpHosts }).serverAddress).toBe(serverAddress);
  });

  it('comes with a reason', () => {
    expect(registryUrlOfImage('alpine', { plainHttpHosts }).reason).toBe(
      'The image names no registry, which means docker.io.',
    );
    expect(registryUrlOfImage('ghcr.io/a/b', { plainHttpHosts }).reason).toContain('`ghcr.io`');
  });

  it('is found from any spelling of its URL', () => {
    const spelled = fc
      .tuple(hostName, fc.option(ownPort))
      .chain(([host, port]) =>
        fc.tuple(fc.constant(port === null ? host : `${host}:${port}`), spellingsOf(host, port)),
      );
    fc.assert(
      fc.property(spelled, ([url, spelling]) => resolve(spelling) === url),
      { numRuns: 2_000 },
    );
  });

  it('is either found or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostileUrl), (text) => {
        const refused = refusalIfAny(() => resolve(text));
        return refused === undefined || refused.field === 'image';
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('matching by the beginning of a host', () => {
  const registries = ['reg.io', 'reg.io.evil.example'];

  it('would find two registries for one image; matching the whole host finds one', () => {
    const image = 'reg.io.evil.example/app';
    expect(registries.filter((url) => image.startsWith(url))).toHaveLength(2);
    expect(registries.filter((url) => registryUrlOfImage(image, { plainHttpHosts }).url === url)).toEqual([
      'reg.io.evil.example',
    ]);
  });
});
