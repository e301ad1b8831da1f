import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVIDER_ENTRIES, PROVIDERS, type RegistryProvider } from '../../src/domain/providers/table.ts';
import { apiHost, providerOf, registryPresets, resolveProvider, serverAddress } from '../../src/domain/providers.ts';
import { parseRegistryUrl } from '../../src/domain/registry-url.ts';
import { refusal } from './refusals.ts';
import { hostName, spellingsOf } from './registry-spellings.ts';

const KNOWN: readonly [string, RegistryProvider][] = [
  ['docker.io', 'DOCKER_HUB'],
  ['ghcr.io', 'GITHUB'],
  ['registry.gitlab.com', 'GITLAB'],
  ['gcr.io', 'GOOGLE'],
  ['us.gcr.io', 'GOOGLE'],
  ['eu.gcr.io', 'GOOGLE'],
  ['asia.gcr.io', 'GOOGLE'],
  ['mirror.gcr.io', 'GOOGLE'],
  ['europe-west3-docker.pkg.dev', 'GOOGLE'],
  ['us-docker.pkg.dev', 'GOOGLE'],
  ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', 'AMAZON_ECR'],
  ['123456789012.dkr-ecr.us-east-1.on.aws', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'AMAZON_ECR'],
  ['123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', 'AMAZON_ECR'],
  ['123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov', 'AMAZON_ECR'],
  ['public.ecr.aws', 'AMAZON_ECR_PUBLIC'],
  ['ecr-public.aws.com', 'AMAZON_ECR_PUBLIC'],
  ['contoso.azurecr.io', 'AZURE'],
  ['contoso.azurecr.cn', 'AZURE'],
  ['contoso.azurecr.us', 'AZURE'],
  ['containers.octocorp.ghe.com', 'GITHUB'],
  ['contoso-a1b2c3d4.azurecr.io', 'AZURE'],
  ['contoso.westeurope.geo.azurecr.io', 'AZURE'],
  ['contoso-a1b2c3d4.westeurope.geo.azurecr.us', 'AZURE'],
  ['quay.io', 'QUAY'],
  ['acme.jfrog.io', 'ARTIFACTORY'],
  ['registry.digitalocean.com', 'DIGITALOCEAN'],
];

/** Hosts that resemble a known one, and parts of known ones that accept no credential. */
const LOOKALIKES = [
  'ghcr.io.evil.example',
  'notghcr.io',
  'ghcr.io.',
  'ghcrxio',
  'ghcr.io:8443',
  'docker.io.example.com',
  'xdocker.io',
  'dockerxio',
  'registry.gitlab.com.example.com',
  'registry-gitlab.com',
  'gitlab.example.com',
  'xgcr.io',
  'gcr.io.example.com',
  'docker.pkg.dev',
  'us-docker.pkg.dev.example.com',
  'evil.us-docker.pkg.dev',
  'xpkg.dev',
  '123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example',
  'evil.123456789012.dkr.ecr.eu-central-1.amazonaws.com',
  '12345678901.dkr.ecr.eu-central-1.amazonaws.com',
  '1234567890123.dkr.ecr.eu-central-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-central-1.amazonaws.de',
  '123456789012.dkrxecr.eu-central-1.amazonaws.com',
  'evil.public.ecr.aws',
  'xpublic.ecr.aws',
  'contoso.azurecr.io.example.com',
  'x.azurecr.io.example.com',
  'azurecr.io',
  'contosoazurecr.io',
  'a.b.azurecr.io',
  'contoso.westeurope.data.azurecr.io',
  'contoso.azurecr.com',
  'quay.io.evil.example',
  'evil.quay.io',
  'jfrog.io',
  'acmejfrog.io',
  'a.b.jfrog.io',
  'registry.digitalocean.com.example.com',
];

function outsideOfParentheses(expression: string): string {
  const rest = expression.replace(/\((?:\\.|[^()\\])*\)/g, '');
  return rest === expression ? rest : outsideOfParentheses(rest);
}

describe('the provider behind a host', () => {
  it.each(KNOWN)('%s is %s', (url, provider) => {
    expect(providerOf(url)).toBe(provider);
  });

  it.each([...LOOKALIKES, 'registry.example.com', 'registry.example.com:5000', 'localhost:5000'])(
    '%s is unknown',
    (url) => {
      expect(providerOf(url)).toBe('GENERIC');
    },
  );

  it('follows from the whole host: a known host with anything before or after it is unknown', () => {
    const around = fc.constantFrom('x', 'evil.example.', '-', 'x.');
    const after = fc.constantFrom('x', '.evil.example', '.', ':5000', '-x');
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN.map(([host]) => host)), after, (host, suffix) => {
        expect(providerOf(host + suffix)).toBe('GENERIC');
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom('docker.io', 'ghcr.io', 'quay.io', 'public.ecr.aws'), around, (host, prefix) => {
        expect(providerOf(prefix + host)).toBe('GENERIC');
      }),
    );
  });

  it('has no expression that matches a part of a host', () => {
    const hosts = PROVIDER_ENTRIES.flatMap(([, { registries }]) => registries.flatMap(({ host }) => host ?? []));
    expect(hosts.length).toBeGreaterThan(10);
    for (const host of hosts) {
      expect(host.source).toMatch(/^\^.*\$$/);
      expect(host.flags).toBe('');
      // An alternative outside parentheses would be anchored at one end only.
      expect(outsideOfParentheses(host.source)).not.toContain('|');
    }
    expect(outsideOfParentheses('^(?:a(b|c))$|x$')).toContain('|');
    const exact = registryPresets().flatMap(({ urlPatterns }) => urlPatterns.filter((text) => !text.includes('<')));
    const after = fc.constantFrom('x', '.evil.example', '.', ':5000', '-x');
    fc.assert(fc.property(fc.constantFrom(...exact), after, (host, suffix) => providerOf(host + suffix) === 'GENERIC'));
  });

  it('does not follow from a random host', () => {
    fc.assert(fc.property(hostName, (host) => providerOf(`${host}.test`) === 'GENERIC'));
  });

  it.each<[string, (url: string, host: string) => boolean]>([
    ['the beginning', (url, host) => url.startsWith(host)],
    ['the end', (url, host) => url.endsWith(host)],
    ['any part', (url, host) => url.includes(host)],
  ])('would be wrong in the list above if a matcher looked at %s', (_, matches) => {
    const mistaken = LOOKALIKES.filter((url) => KNOWN.some(([host]) => matches(url, host)));
    expect(mistaken.length).toBeGreaterThan(0);
    expect(mistaken.filter((url) => providerOf(url) !== 'GENERIC')).toEqual([]);
  });
});

describe('a declared provider', () => {
  it.each(['HARBOR', 'GITLAB', 'QUAY', 'ARTIFACTORY', 'GENERIC'] as const)('may be %s on your own host', (declared) => {
    expect(resolveProvider('registry.example.com:5000', declared)).toBe(declared);
  });

  it('may repeat what the host tells', () => {
    expect(resolveProvider('ghcr.io', 'GITHUB')).toBe('GITHUB');
    expect(resolveProvider('registry.gitlab.com', 'GITLAB')).toBe('GITLAB');
  });

  it('may be left out', () => {
    expect(resolveProvider('ghcr.io')).toBe('GITHUB');
    expect(resolveProvider('ghcr.io', null)).toBe('GITHUB');
    expect(resolveProvider('registry.example.com')).toBe('GENERIC');
  });

  it.each<[string, RegistryProvider, RegExp]>([
    ['ghcr.io', 'HARBOR', /ghcr\.io is GITHUB, not HARBOR/],
    ['ghcr.io', 'GENERIC', /ghcr\.io is GITHUB/],
    ['docker.io', 'GITLAB', /docker\.io is DOCKER_HUB/],
    ['registry.example.com', 'AZURE', /not a host of AZURE, which is at <registry>\.azurecr\.io/],
    ['registry.example.com', 'AMAZON_ECR', /GITLAB, QUAY, HARBOR, ARTIFACTORY/],
    ['contoso.azurecr.io.example.com', 'AZURE', /not a host of AZURE/],
  ])('is refused if the host of %s cannot be %s', (url, declared, message) => {
    const refused = refusal(() => resolveProvider(url, declared));
    expect(refused.field).toBe('provider');
    expect(refused.message).toMatch(message);
  });
});

describe('the address under which clients know a registry', () => {
  it('is the historic URL for Docker Hub and the host for every other', () => {
    expect(serverAddress('docker.io')).toBe('https://index.docker.io/v1/');
    expect(serverAddress('ghcr.io')).toBe('ghcr.io');
    expect(serverAddress('registry.example.com:5000')).toBe('registry.example.com:5000');
  });

  it('leads back to the same registry if it is entered', () => {
    for (const [url] of KNOWN) {
      expect(parseRegistryUrl(serverAddress(url), { plainHttpHosts: new Set() }).url).toBe(url);
    }
  });

  it('is not the API host of Docker Hub', () => {
    expect(apiHost('docker.io')).toBe('registry-1.docker.io');
    expect(apiHost('ghcr.io')).toBe('ghcr.io');
  });
});

describe('the table of common registries', () => {
  it.each<[string, string, number | null]>([
    ['Docker Hub', 'docker.io', null],
    ['GitHub Container Registry', 'ghcr.io', null],
    ['GitLab Container Registry', 'registry.gitlab.com', null],
    ['Google Container Registry', 'gcr.io', null],
    ['Google Artifact Registry', 'europe-west3-docker.pkg.dev', null],
    ['Amazon Elastic Container Registry', '123456789012.dkr.ecr.eu-central-1.amazonaws.com', null],
    ['Amazon ECR Public Gallery', 'public.ecr.aws', null],
    ['Azure Container Registry', 'contoso.azurecr.io', null],
    ['Quay', 'quay.io', null],
    ['JFrog Artifactory', 'acme.jfrog.io', null],
    ['DigitalOcean Container Registry', 'registry.digitalocean.com', null],
    ['Harbor', 'harbor.example.com', null],
    ['Other registry', 'registry.example.com', 5000],
  ])('has %s, and five spellings of its URL give the same one', (name, host, port) => {
    expect(registryPresets().map((preset) => preset.name)).toContain(name);
    const url = port === null ? host : `${host}:${port}`;
    const own = port === null ? ':443' : `:${port}`;
    const spellings = [url, `https://${url}`, `HTTPS://${url.toUpperCase()}/`, `${host}.${own}/v2/`, `  ${url}/v1/\n`];
    const identities = spellings.map((entered) => parseRegistryUrl(entered, { plainHttpHosts: new Set() }).url);
    expect(new Set(identities)).toEqual(new Set([url]));
    fc.assert(
      fc.property(spellingsOf(host, port), (entered) => {
        expect(parseRegistryUrl(entered, { plainHttpHosts: new Set() }).url).toBe(url);
      }),
    );
  });

  it('names every provider of the contract, each with what a form needs', () => {
    const presets = registryPresets();
    const named = [...new Set(presets.map(({ provider }) => provider))];
    expect(named).toEqual(Object.keys(PROVIDERS));
    expect(named).toEqual(
      expect.arrayContaining([...new Set(KNOWN.map(([, provider]) => provider)), 'HARBOR', 'GENERIC']),
    );
    expect(new Set(KNOWN.map(([, provider]) => provider)).size).toBe(10);
    for (const preset of presets) {
      expect(Object.keys(preset).sort()).toEqual(
        ['documentation', 'fixedUsername', 'name', 'password', 'provider', 'urlPatterns', 'username'].sort(),
      );
      expect(preset.urlPatterns.length).toBeGreaterThan(0);
      expect(preset.documentation === null || URL.canParse(preset.documentation)).toBe(true);
    }
  });

  it('fixes the user name if the provider does', () => {
    const fixed = registryPresets().flatMap(({ provider, fixedUsername }) =>
      fixedUsername ? [[provider, fixedUsername]] : [],
    );
    expect(fixed).toEqual([
      ['GOOGLE', '_json_key'],
      ['GOOGLE', '_json_key'],
      ['AMAZON_ECR', 'AWS'],
      ['AMAZON_ECR_PUBLIC', 'AWS'],
    ]);
  });

  it('shows no URL pattern of an exact host that does not match', () => {
    for (const { provider, urlPatterns } of registryPresets()) {
      for (const pattern of urlPatterns.filter((text) => !text.includes('<'))) {
        expect([pattern, providerOf(pattern)]).toEqual([pattern, provider]);
      }
    }
  });
});
