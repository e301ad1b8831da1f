import { PROVIDER_ENTRIES } from '../../src/domain/providers/table.ts';
import { providerOf } from '../../src/domain/providers.ts';
import { secrets } from './secrets.ts';

/** The registry of `refusing-registry.ts`, which refuses every login. */
export const REFUSING_REGISTRY = 'localhost:5099';

export interface PlannedPipeline {
  readonly name: string;
  readonly runs: number;
  readonly purpose: 'PULL' | 'PUSH';
  /** The first runs are over and have released their leases. */
  readonly released: number;
}

export interface PlannedRegistry {
  /** As a person would type it. */
  readonly url: string;
  readonly provider?: string;
  readonly name: string;
  readonly description?: string;
  readonly username: string;
  readonly password: () => string;
  readonly access?: 'PULL' | 'PULL_AND_PUSH';
  readonly rotateEveryDays?: number;
  /** From now; negative if it has expired. */
  readonly expiresInDays?: number;
  readonly mint?: { readonly kind: string; readonly [detail: string]: string };
  /** How often the password was rotated afterwards. */
  readonly rotations?: number;
  /** A test found that the registry refuses the login. */
  readonly refusesLogin?: boolean;
  readonly pipelines?: readonly PlannedPipeline[];
}

export interface PlannedProject {
  readonly id: string;
  /** Who manages its registries. */
  readonly people: readonly [string, ...string[]];
  readonly registries: readonly PlannedRegistry[];
  /** Created and later deleted. */
  readonly deleted: readonly Pick<PlannedRegistry, 'url' | 'name' | 'username' | 'password'>[];
}

const { password, token, jwt, amazonEcr, accessKeyId, googleKey, privateKey, uuid } = secrets;

const runs = (name: string, count: number, purpose: PlannedPipeline['purpose'] = 'PULL', released = 0) => ({
  name,
  runs: count,
  purpose,
  released,
});

const PROJECTS: readonly PlannedProject[] = [
  {
    id: 'demo',
    people: ['alice', 'bob'],
    registries: [
      {
        url: 'https://index.docker.io/v1/',
        name: 'Docker Hub, pulls without limits',
        username: 'acmebuild',
        password: () => token('dckr_pat_'),
        access: 'PULL',
        rotateEveryDays: 90,
        pipelines: [runs('web/build', 4, 'PULL', 2), runs('api/build', 3, 'PULL', 1)],
      },
      {
        url: 'ghcr.io',
        name: 'GitHub packages',
        username: 'acme-bot',
        password: () => token('ghp_'),
        rotateEveryDays: 60,
        rotations: 2,
        pipelines: [runs('web/deploy', 3, 'PUSH', 1)],
      },
      {
        url: 'registry.gitlab.com',
        name: 'GitLab',
        username: 'gitlab+deploy-token-42',
        password: () => token('gldt-'),
        expiresInDays: 9,
        pipelines: [runs('mobile/build', 2)],
      },
      { url: 'quay.io', name: 'Quay', username: 'acme+ci', password: () => token(''), expiresInDays: 200 },
      {
        url: 'harbor.acme.example',
        provider: 'HARBOR',
        name: 'Harbor in the data centre',
        description: 'Reached by VPN only.\nAsk the platform team for a robot account.',
        username: 'robot$shop+ci',
        password: () => token(''),
        expiresInDays: 25,
        rotations: 1,
        pipelines: [runs('web/deploy', 2, 'PUSH')],
      },
      {
        url: 'registry.acme.example:5000',
        name: 'The old registry',
        username: 'ci',
        password,
        expiresInDays: -3,
      },
      {
        url: `http://${REFUSING_REGISTRY}`,
        name: 'A registry on this machine',
        username: 'ci',
        password,
        refusesLogin: true,
      },
    ],
    deleted: [{ url: 'old-registry.acme.example', name: 'Moved to Harbor', username: 'ci', password }],
  },
  {
    id: 'web-shop',
    people: ['carol', 'dave'],
    registries: [
      {
        url: 'docker.io',
        name: 'Docker Hub',
        username: 'shopteam',
        password: () => token('dckr_oat_'),
        rotations: 1,
        pipelines: [runs('checkout/build', 5, 'PULL', 3), runs('catalogue/build', 2)],
      },
      {
        url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
        name: 'ECR Ireland, minted',
        username: accessKeyId(),
        password: () => token(''),
        mint: { kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/push-images' },
        rotateEveryDays: 30,
      },
      {
        url: '123456789012.dkr.ecr.us-east-1.amazonaws.com',
        name: 'ECR Virginia, by hand',
        username: 'AWS',
        password: () => amazonEcr(11),
        pipelines: [runs('checkout/deploy', 2, 'PUSH')],
      },
      {
        url: '999988887777.dkr.ecr.eu-central-1.amazonaws.com',
        name: 'ECR Frankfurt, forgotten',
        username: 'AWS',
        password: () => amazonEcr(-30),
      },
      { url: 'public.ecr.aws', name: 'ECR Public', username: 'AWS', password: () => amazonEcr(10), access: 'PULL' },
      {
        url: 'acmeshop.azurecr.io',
        name: 'Azure, minted',
        username: uuid(),
        password: () => token(''),
        mint: { kind: 'AZURE', tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47' },
      },
      {
        url: 'acmelegacy.azurecr.io',
        name: 'Azure, admin user',
        username: 'acmelegacy',
        password,
        rotateEveryDays: 30,
        pipelines: [runs('legacy/nightly', 1, 'PULL', 1)],
      },
      {
        url: 'acme.jfrog.io',
        name: 'Artifactory',
        username: 'ci-shop',
        password: () => jwt(6),
        pipelines: [runs('checkout/build', 2)],
      },
      {
        url: 'registry.digitalocean.com',
        name: 'DigitalOcean',
        username: 'ops@acme.example',
        password: () => token('dop_v1_'),
      },
    ],
    deleted: [{ url: 'shop-test.azurecr.io', name: 'Test tenant, given up', username: 'shoptest', password }],
  },
  {
    id: 'data-platform',
    people: ['erin'],
    registries: [
      {
        url: 'europe-west3-docker.pkg.dev',
        name: 'Artifact Registry, key',
        username: '_json_key',
        password: () => googleKey('pusher@acme-data.iam.gserviceaccount.com'),
        rotateEveryDays: 90,
        pipelines: [runs('etl/build', 3, 'PUSH', 1), runs('notebooks/build', 1)],
      },
      {
        url: 'us-docker.pkg.dev',
        name: 'Artifact Registry, minted',
        username: '_json_key',
        password: () => googleKey('minter@acme-data.iam.gserviceaccount.com'),
        mint: { kind: 'GOOGLE' },
      },
      {
        url: 'eu.gcr.io',
        name: 'Container Registry, access token',
        username: 'oauth2accesstoken',
        password: () => token('ya29.'),
        expiresInDays: -1,
      },
      {
        url: 'ghcr.io',
        name: 'GitHub app',
        username: '314159',
        password: privateKey,
        mint: { kind: 'GITHUB_APP', installationId: '2718281' },
      },
      {
        url: 'quay.io',
        name: 'Quay',
        username: 'acme-data+spark',
        password: () => token(''),
        access: 'PULL',
        pipelines: [runs('spark/build', 2)],
      },
      {
        url: 'docker.io',
        name: 'Docker Hub',
        username: 'acmedata',
        password: () => token('dckr_pat_'),
        expiresInDays: 13,
      },
      {
        url: 'gitlab.acme.example:5050',
        provider: 'GITLAB',
        name: 'Own GitLab',
        username: 'etl-bot',
        password: () => token('glpat-'),
        expiresInDays: 340,
        pipelines: [runs('etl/deploy', 1, 'PUSH')],
      },
      {
        url: 'quay.acme.example',
        provider: 'QUAY',
        name: 'Own Quay',
        username: 'data+ci',
        password: () => token(''),
        rotations: 1,
      },
      {
        url: 'artifacts.acme.example',
        provider: 'ARTIFACTORY',
        name: 'Own Artifactory',
        username: 'etl',
        password: () => jwt(-2),
      },
    ],
    deleted: [],
  },
];

const MOBILE: PlannedProject = {
  id: 'mobile',
  people: ['frank', 'grace'],
  registries: [
    {
      url: 'ghcr.io',
      name: 'GitHub packages',
      username: 'frank',
      password: () => token('github_pat_'),
      description: 'Fine-grained, so Purser warns.',
    },
    {
      url: 'docker.io',
      name: 'Docker Hub',
      username: 'acmemobile',
      password,
      pipelines: [runs('android/build', 6, 'PULL', 4), runs('ios/build', 6, 'PULL', 6)],
    },
    {
      url: 'registry.gitlab.com',
      name: 'GitLab',
      username: 'mobile-bot',
      password: () => token('glpat-'),
      expiresInDays: 2,
      pipelines: [runs('android/release', 1, 'PUSH')],
    },
    {
      url: 'registry.mobile.acme.example',
      name: 'Team registry',
      username: 'mobile',
      password,
      rotateEveryDays: 7,
      rotations: 3,
    },
    {
      url: 'harbor.mobile.acme.example',
      provider: 'HARBOR',
      name: 'Harbor, mobile',
      username: 'robot$mobile',
      password: () => token(''),
    },
    {
      url: 'asia.gcr.io',
      name: 'Container Registry, Asia',
      username: '_json_key',
      password: () => googleKey('ci@acme-mobile.iam.gserviceaccount.com'),
    },
  ],
  deleted: [{ url: 'quay.io', name: 'Trial', username: 'mobile+trial', password: () => token('') }],
};

/** Four projects with every provider and every state that the API can produce. */
export const PLAN: readonly PlannedProject[] = [
  ...PROJECTS,
  { ...MOBILE, registries: [...MOBILE.registries, ...registriesOfOtherProviders([...PROJECTS, MOBILE])] },
];

/** One registry for each provider that no project has, at its best-known host: a new provider needs no line here. */
function registriesOfOtherProviders(projects: readonly PlannedProject[]): PlannedRegistry[] {
  const planned = projects.flatMap(({ registries }) => registries);
  const seen = new Set<string>(planned.map(({ url, provider }) => provider ?? providerOf(url)));
  return PROVIDER_ENTRIES.filter(([provider]) => !seen.has(provider)).flatMap(([, { registries, username }]) =>
    registries
      .slice(0, 1)
      .flatMap(({ name, urlPatterns }) =>
        urlPatterns.slice(0, 1).map((url) => ({ url, name, username: username.fixed?.[0] ?? 'ci', password })),
      ),
  );
}
