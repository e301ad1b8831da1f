import { AMAZON, type Diagnosis } from './entry.ts';

/** The first that fits is the one: the particular before the general. */
export const RIGHTS_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'READ_ONLY',
    cause: 'The registry takes no pushes at present: it is read-only, as during maintenance.',
    fix: "The credential may be good. Try again when the maintenance is over, or ask the registry's operator.",
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'FINE_GRAINED_TOKEN',
    providers: ['GITHUB'],
    cause: 'A fine-grained personal access token has no rights to packages on ghcr.io.',
    fix: 'Use a classic one (ghp_…) with read:packages, and write:packages to push.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'TOKEN_WITHOUT_SCOPE',
    providers: ['GITLAB'],
    cause: 'The token is not made for the registry.',
    fix: 'Make one with the scope read_registry, and write_registry to push.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['DOCKER_HUB'],
    cause: 'Docker Hub grants this token less than pulling and pushing here.',
    fix: 'Make the access token with Read & Write, and check that its account is a collaborator of the repository or in a team that may write to it.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['GITHUB'],
    cause: 'The token lacks write:packages (or read:packages to pull), or the package does not let its account in.',
    fix: "Give a classic token write:packages, and in the package's settings add the account, or the repository whose workflow pushes, with the role Write.",
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['GITLAB'],
    cause:
      'The token lacks read_registry or write_registry, its user is not at least Developer of the project, or the path is of no project.',
    fix: 'Make a token with write_registry (read_registry to pull) in this project or group, and check that the image path begins with the path of a project whose registry is on.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['GOOGLE'],
    cause: 'The service account has no role that allows this in the repository.',
    fix: 'Grant it roles/artifactregistry.writer, or roles/artifactregistry.reader to pull only, on the repository or its project.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: AMAZON,
    cause: 'The identity behind this password is not allowed to do this in the repository.',
    fix: 'To pull it needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, to push also ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage; see also the policy of the repository.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['AZURE'],
    cause: 'The identity has no role that allows this in the registry.',
    fix: 'Grant it AcrPush, or AcrPull to pull only (in registries with ABAC: Container Registry Repository Writer or Reader); for a token, see its scope map.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['QUAY'],
    cause: 'The repository does not exist, or does not let this account in.',
    fix: 'Make the repository first if there is none, then give the robot account Write, or Read to pull only. A push was not tried where that would have made a repository.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['HARBOR'],
    cause: 'The project does not exist, or does not let this account in.',
    fix: 'Make the project first if there is none, and give the robot account Push Repository and Pull Repository in it. The image path begins with the name of the project.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['ARTIFACTORY'],
    cause: 'The user has no permission for this in the repository.',
    fix: "Give it Deploy/Cache (Read to pull only) by a permission target of the repository, and check that the image path begins with that repository's key.",
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    providers: ['DIGITALOCEAN'],
    cause: 'The API token may not do this in the registry.',
    fix: 'Make a token with write access to the registry, and check that the image path begins with the name of the registry.',
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    cause: 'The credential is good, and is not allowed to do this in the repository.',
    fix: "Ask the registry's operator for the right to pull and push there, and check the path of the repository.",
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    providers: ['AMAZON_ECR'],
    cause: 'There is no such repository, and Amazon ECR makes none with a push.',
    fix: 'Make it first (`aws ecr create-repository`), in the account and region that the URL names, or set up a creation template.',
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    providers: ['AMAZON_ECR_PUBLIC'],
    cause: 'There is no such repository, and Amazon ECR makes none with a push.',
    fix: 'Make it first (`aws ecr-public create-repository`). Its path begins with the alias of the registry.',
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    providers: ['QUAY'],
    cause: 'There is no such repository, and a test must not make one.',
    fix: 'Make it first, or push to it once, if the account may create repositories.',
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    providers: ['HARBOR'],
    cause: 'There is no such project.',
    fix: 'Make the project first: its name is the first part of the image path. Repositories in it come with their first push.',
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    providers: ['GOOGLE'],
    cause: 'There is no such repository in Artifact Registry, and a push makes none.',
    fix: 'Make it first (`gcloud artifacts repositories create`). The image path is <project>/<repository>/<image>.',
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    cause: 'The registry knows no such repository.',
    fix: 'Check its path. Where the registry does not make repositories with their first push, make it first.',
  },
];
