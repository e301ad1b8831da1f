import type { RegistryAccess, RegistryProvider } from '../api/generated/graphql.ts';

/** Adding a registry. */
export const ADD_REGISTRY = {
  title: 'Add a registry',
  titleOf: (name: string) => `Add ${name}`,
  intro: 'Which registry is it? What to enter depends on who runs it.',
  back: 'Registries',
  another: 'Choose another registry',
  what: 'the table of common registries',
  search: 'Search by name or host',
  table: 'Common registries',
  other: 'Any other host',
  otherHelp: 'Harbor, Nexus, a registry of your own: whatever container clients can log in to.',
  hostAction: (host: string) => `Use ${host}`,
  nothing: 'None of the common registries has this in its name or host.',
  nothingHelp: 'Any host that container clients can log in to can be added.',
  urls: 'Its URLs look like',
  save: 'Add the registry',
  test: 'Test it first',
  testing: 'Logging in to the registry…',
  tested: 'What the test found',
  expires: 'It says of itself, or the registry does, that it expires',
  stale: 'Something was changed since.',
  lost: 'The answer did not come. The secret was not kept here: enter it again and send the same; it is stored once.',
  added: (name: string) => `${name} was added`,
  addedFederated: 'Set up at the cloud what purser federation export prints for it, if that was not done yet.',
} as const;

/** The parts of the form. */
export const ADD_FORM = {
  where: 'Where it is',
  url: 'URL',
  urlHelp: 'The host, with its port if it has one. Any spelling that clients accept.',
  urlMissing: 'Enter the host of the registry.',
  exists: 'This project has it already',
  existsAs: (name: string, url: string) =>
    name === url ? `${url} is registered.` : `${url} is registered as ${name}.`,
  open: 'Open it',
  known: (name: string) => `This host is ${name}; what to enter below is for that.`,
  accessHelp: 'With pull only, leases to push are refused. Enter a token that can do no more than that.',
  credential: 'The credential',
  how: 'What is stored',
  username: 'User name',
  usernameMissing: 'Enter the user name.',
  usernames: {
    AMAZON_ECR: 'Access key id',
    AMAZON_ECR_PUBLIC: 'Access key id',
    AZURE: 'Application id of the service principal',
    GITHUB_APP: 'Id of the app',
    GOOGLE: 'User name',
    QUAY: 'User name',
    ARTIFACTORY: 'User name',
  },
  usernameHelps: {
    AMAZON_ECR: 'Begins with AKIA. It belongs to a user who may do nothing but this.',
    AMAZON_ECR_PUBLIC: 'Begins with AKIA. It belongs to a user who may do nothing but this.',
    AZURE: 'A UUID: appId, also called client id.',
    GITHUB_APP: 'The App ID or the Client ID, in the settings of the app.',
    GOOGLE: '_json_key, as the key is JSON.',
    QUAY: '',
    ARTIFACTORY: '',
  },
  password: 'Password or token',
  passwordMissing: 'Enter the password or token.',
  secretKept: 'It is sent once, stored encrypted, and never shown again.',
  secretGone: 'It was not kept: enter it again.',
  file: 'Read it from a file',
  fileRead: (name: string) => `${name} was read.`,
  fileTooLarge: 'This file is too large to be a key.',
  mintMissing: 'This is needed here.',
  federated: 'Set it up at the cloud first',
  federatedHelp:
    'The cloud must trust this service for this one registry. The command prints what to set up there; it changes nothing, and nothing that it prints is secret. The registry need not exist yet.',
  federatedCommand: 'the command',
  federatedWhere: 'On the machine of the service',
  try: 'Try it',
  repository: 'Repository to test with',
  repositoryHelp:
    'Such as team/app, without the host. With it the test shows whether it may pull and push; it is not stored.',
  more: 'Name, contact and dates',
  connection: 'Private authority and token server',
  verify: 'Test the login when it is added, and store nothing if it fails',
} as const;

/** Which kind of secret, and where to read about it. */
export const PROVIDER_HELP = {
  title: 'What to enter',
  username: 'User name',
  password: 'Password',
  rights: 'Rights it needs',
  guide: (name: string) => `How ${name} explains it`,
} as const;

/** The least that a token needs, by what it is for. Missing: nothing is known. */
export const RIGHTS: Partial<Record<RegistryProvider, Readonly<Record<RegistryAccess, string>>>> = {
  AMAZON_ECR: {
    PULL: 'ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer',
    PULL_AND_PUSH:
      'ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer, ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage',
  },
  ARTIFACTORY: { PULL: 'Read on the repository', PULL_AND_PUSH: 'Read and Deploy/Cache on the repository' },
  AZURE: { PULL: 'AcrPull', PULL_AND_PUSH: 'AcrPush, which contains AcrPull' },
  DOCKER_HUB: { PULL: 'Read-only', PULL_AND_PUSH: 'Read & Write' },
  FORGEJO: { PULL: 'read:package', PULL_AND_PUSH: 'write:package' },
  GITHUB: { PULL: 'read:packages', PULL_AND_PUSH: 'read:packages and write:packages' },
  GITLAB: { PULL: 'read_registry', PULL_AND_PUSH: 'read_registry and write_registry' },
  GOOGLE: { PULL: 'roles/artifactregistry.reader', PULL_AND_PUSH: 'roles/artifactregistry.writer' },
  HARBOR: { PULL: 'Pull Repository', PULL_AND_PUSH: 'Push Repository and Pull Repository' },
  QUAY: { PULL: 'Read on the repositories', PULL_AND_PUSH: 'Write on the repositories' },
  SCALEWAY: { PULL: 'ContainerRegistryReadOnly', PULL_AND_PUSH: 'ContainerRegistryFullAccess' },
};
