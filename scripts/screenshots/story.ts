import { secrets } from '../seed/secrets.ts';
import { HOSTS } from './pretended-network.ts';

const { password, token, jwt, amazonEcr, googleKey, uuid } = secrets;

export interface StoryRegistry {
  readonly url: string;
  readonly provider?: string;
  readonly name: string;
  readonly description?: string;
  readonly username: string;
  readonly password: () => string;
  readonly access?: 'PULL' | 'PULL_AND_PUSH';
  readonly rotateEveryDays?: number;
  readonly mint?: Readonly<Record<string, string>>;
  /** From the moment that is pictured; negative if it has expired. */
  readonly expiresInDays?: number;
  /** How many days before that moment it was added. */
  readonly addedDaysAgo: number;
  readonly rotatedDaysAgo?: readonly number[];
  /** What pipelines pull or push, and how many runs of it there are on a working day. */
  readonly pipelines?: readonly { name: string; image: string; runsADay: number; purpose?: 'PULL' | 'PUSH' }[];
  /** A login was tried. */
  readonly isTested?: boolean;
}

export const PROJECT = 'web-shop';
/** Whom the pictures show as signed in. */
export const VIEWER = 'ada';

export const REGISTRIES: readonly StoryRegistry[] = [
  {
    url: 'docker.io',
    name: 'Docker Hub',
    description: 'Base images, without the limit on anonymous pulls.',
    username: 'acmebuild',
    password: () => token('dckr_pat_'),
    access: 'PULL',
    rotateEveryDays: 90,
    addedDaysAgo: 29,
    pipelines: [
      { name: 'checkout/build', image: 'library/node', runsADay: 6 },
      { name: 'catalogue/build', image: 'library/golang', runsADay: 4 },
    ],
  },
  {
    url: 'ghcr.io',
    name: 'GitHub packages',
    username: 'acme-bot',
    password: () => token('ghp_'),
    rotateEveryDays: 60,
    addedDaysAgo: 29,
    rotatedDaysAgo: [11],
    isTested: true,
    pipelines: [{ name: 'checkout/release', image: 'acme/checkout', runsADay: 3, purpose: 'PUSH' }],
  },
  {
    url: 'harbor.acme.example',
    provider: 'HARBOR',
    name: 'Harbor',
    description: 'Production images. Ask the platform team for a robot account.',
    username: 'robot$shop+ci',
    password: () => token(''),
    rotateEveryDays: 90,
    expiresInDays: 23,
    addedDaysAgo: 28,
    rotatedDaysAgo: [16],
    isTested: true,
    pipelines: [
      { name: 'checkout/deploy', image: 'shop/checkout', runsADay: 4, purpose: 'PUSH' },
      { name: 'catalogue/deploy', image: 'shop/catalogue', runsADay: 2, purpose: 'PUSH' },
      { name: 'nightly/scan', image: 'shop/checkout', runsADay: 1 },
    ],
  },
  {
    url: 'registry.gitlab.com',
    name: 'GitLab deploy token',
    username: 'gitlab+deploy-token-42',
    password: () => token('gldt-'),
    expiresInDays: 6,
    addedDaysAgo: 27,
    pipelines: [{ name: 'mobile/build', image: 'acme/mobile/base', runsADay: 2 }],
  },
  {
    url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    name: 'ECR Ireland',
    username: 'AKIAIOSFODNN7EXAMPLE',
    password: () => token(''),
    mint: { kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/push-images' },
    rotateEveryDays: 30,
    addedDaysAgo: 26,
  },
  {
    url: 'acmeshop.azurecr.io',
    name: 'Azure production',
    username: uuid(),
    password: () => token(''),
    rotateEveryDays: 60,
    addedDaysAgo: 25,
    pipelines: [{ name: 'search/deploy', image: 'search/api', runsADay: 2, purpose: 'PUSH' }],
  },
  {
    url: 'europe-west3-docker.pkg.dev',
    name: 'Artifact Registry',
    username: '_json_key',
    password: () => googleKey('pusher@acme-shop.iam.gserviceaccount.com'),
    rotateEveryDays: 90,
    addedDaysAgo: 24,
    pipelines: [{ name: 'recommendations/train', image: 'acme-shop/ml/train', runsADay: 1, purpose: 'PUSH' }],
  },
  {
    url: HOSTS.refuses[0],
    name: 'The old registry',
    description: 'To be moved to Harbor.',
    username: 'ci',
    password,
    rotateEveryDays: 14,
    addedDaysAgo: 29,
    isTested: true,
    pipelines: [{ name: 'legacy/nightly', image: 'legacy/app', runsADay: 1 }],
  },
  {
    url: 'quay.io',
    name: 'Quay',
    username: 'acme+ci',
    password: () => token(''),
    expiresInDays: 61,
    addedDaysAgo: 22,
    isTested: true,
    pipelines: [{ name: 'search/build', image: 'acme/base', runsADay: 3 }],
  },
  {
    url: 'acme.jfrog.io',
    name: 'Artifactory',
    username: 'ci-shop',
    password: () => jwt(38),
    addedDaysAgo: 20,
    pipelines: [{ name: 'checkout/build', image: 'docker/shop/base', runsADay: 1 }],
  },
  {
    url: 'release-candidates.registry.eu-central.internal.acme.example:8443',
    name: 'Release candidates and nightly builds of all teams',
    username: 'svc-release-engineering-pipelines@acme.example',
    password,
    expiresInDays: 82,
    addedDaysAgo: 19,
  },
  {
    url: 'rg.fr-par.scw.cloud',
    name: 'Scaleway Paris',
    username: 'nologin',
    password: uuid,
    expiresInDays: 12,
    addedDaysAgo: 9,
  },
  {
    url: '999988887777.dkr.ecr.eu-central-1.amazonaws.com',
    name: 'ECR Frankfurt, by hand',
    username: 'AWS',
    password: () => amazonEcr(-30),
    addedDaysAgo: 4,
  },
  {
    url: 'registry.digitalocean.com',
    name: 'DigitalOcean',
    username: 'ops@acme.example',
    password: () => token('dop_v1_'),
    addedDaysAgo: 2,
  },
];

/** Other projects of the same person, with their registries' hosts. */
export const OTHER_PROJECTS: Readonly<Record<string, readonly string[]>> = {
  payments: ['docker.io', 'harbor.payments.acme.example'],
  'data-platform': ['quay.io', 'ghcr.io', 'registry.data.acme.example'],
};

export const RULES = [
  {
    name: 'GitHub: checkout, main branch',
    issuer: 'https://token.actions.githubusercontent.com',
    matches: [
      { claim: 'repository_id', equals: ['7401234'] },
      { claim: 'ref', equals: ['refs/heads/main', 'refs/heads/release'] },
      { claim: 'event_name', equals: ['push'] },
    ],
    permissions: ['iam:project:cicd:registry:use'],
    purposes: ['PULL', 'PUSH'],
    pipelineClaim: 'workflow_ref',
    runIdClaim: 'run_id',
  },
  {
    name: 'GitLab: protected branches of mobile',
    issuer: 'https://gitlab.com',
    matches: [
      { claim: 'project_id', equals: ['20'] },
      { claim: 'ref_protected', equals: ['true'] },
    ],
    permissions: ['iam:project:cicd:registry:use'],
    pipelineClaim: 'project_path',
    runIdClaim: 'pipeline_id',
    repositories: ['acme/mobile'],
  },
] as const;
export const FEEDS = ['Platform team', 'Ada’s phone', 'Wall display in the office'] as const;
