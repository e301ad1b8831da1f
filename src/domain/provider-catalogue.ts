import { ECR_HOST } from './ecr-host.ts';
import type { RegistryProvider } from './providers/table.ts';

/** A kind of registry, as people choose it and as its host tells it. */
export interface CatalogueEntry {
  readonly provider: RegistryProvider;
  readonly name: string;
  /** For people to read; what decides is `host`. */
  readonly urlPatterns: readonly string[];
  /**
   * Matches the whole canonical `host[:port]`, so it is anchored at both ends and any port keeps it from matching.
   * Null where only a person can tell.
   */
  readonly host: RegExp | null;
  /** What the user name is. */
  readonly username: string;
  /** The only user names that can log in, the usual one first. Empty: any. */
  readonly fixedUsernames: readonly string[];
  /** What the password is. */
  readonly password: string;
  readonly documentation: string | null;
}

const GOOGLE_USERNAMES = ['_json_key', '_json_key_base64', 'oauth2accesstoken'] as const;
const GOOGLE_USERNAME =
  '_json_key for a service-account key, _json_key_base64 for one in base64, oauth2accesstoken for an access token';
const GOOGLE_PASSWORD = 'The whole JSON file of a service-account key, or an access token (valid for an hour)';

/** Ordered as people are most likely to look for them; the first entry whose host matches is the one. */
export const PROVIDER_CATALOGUE: readonly CatalogueEntry[] = [
  {
    provider: 'DOCKER_HUB',
    name: 'Docker Hub',
    urlPatterns: ['docker.io'],
    host: /^docker\.io$/,
    username: 'Docker ID; the name of the organization for an organization access token',
    fixedUsernames: [],
    password: 'Personal access token (dckr_pat_…) or organization access token (dckr_oat_…)',
    documentation: 'https://docs.docker.com/security/access-tokens/',
  },
  {
    provider: 'GITHUB',
    name: 'GitHub Container Registry',
    urlPatterns: ['ghcr.io'],
    host: /^ghcr\.io$/,
    username: 'GitHub login',
    fixedUsernames: [],
    password:
      'Classic personal access token (ghp_…) with read:packages or write:packages; fine-grained ones do not work',
    documentation:
      'https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry',
  },
  {
    provider: 'GITLAB',
    name: 'GitLab Container Registry',
    urlPatterns: ['registry.gitlab.com', 'registry.<your GitLab host>'],
    host: /^registry\.gitlab\.com$/,
    username: 'GitLab user name; gitlab+deploy-token-<n> for a deploy token',
    fixedUsernames: [],
    password: 'Access token (glpat-…) or deploy token (gldt-…) with read_registry or write_registry',
    documentation: 'https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/',
  },
  {
    provider: 'GOOGLE',
    name: 'Google Container Registry',
    urlPatterns: ['gcr.io', 'us.gcr.io', 'eu.gcr.io', 'asia.gcr.io'],
    host: /^(?:[a-z0-9-]+\.)*gcr\.io$/,
    username: GOOGLE_USERNAME,
    fixedUsernames: GOOGLE_USERNAMES,
    password: GOOGLE_PASSWORD,
    documentation: 'https://cloud.google.com/artifact-registry/docs/docker/authentication',
  },
  {
    provider: 'GOOGLE',
    name: 'Google Artifact Registry',
    urlPatterns: ['<location>-docker.pkg.dev'],
    host: /^[a-z0-9-]+-docker\.pkg\.dev$/,
    username: GOOGLE_USERNAME,
    fixedUsernames: GOOGLE_USERNAMES,
    password: GOOGLE_PASSWORD,
    documentation: 'https://cloud.google.com/artifact-registry/docs/docker/authentication',
  },
  {
    provider: 'AMAZON_ECR',
    name: 'Amazon Elastic Container Registry',
    urlPatterns: ['<account>.dkr.ecr.<region>.amazonaws.com'],
    host: ECR_HOST,
    username: 'AWS, in upper case',
    fixedUsernames: ['AWS'],
    password: 'What `aws ecr get-login-password` prints (valid for 12 hours)',
    documentation: 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html',
  },
  {
    provider: 'AMAZON_ECR_PUBLIC',
    name: 'Amazon ECR Public Gallery',
    urlPatterns: ['public.ecr.aws'],
    host: /^(?:public\.ecr\.aws|ecr-public\.aws\.com)$/,
    username: 'AWS, in upper case',
    fixedUsernames: ['AWS'],
    password: 'What `aws ecr-public get-login-password --region us-east-1` prints (valid for 12 hours)',
    documentation: 'https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html',
  },
  {
    provider: 'AZURE',
    name: 'Azure Container Registry',
    urlPatterns: ['<registry>.azurecr.io'],
    // A registry, a registry with a domain-name label, or one of its regions. `<n>.<region>.data.azurecr.io` serves
    // layers only and never takes a registry's credential.
    host: /^[a-z0-9]+(?:-[a-z0-9]+)?(?:\.[a-z0-9]+\.geo)?\.azurecr\.(?:io|cn|us|de)$/,
    username: "Service principal's application id, a token's name, or the registry's name for its admin user",
    fixedUsernames: [],
    password: "Service principal's secret, the token's password, or the admin user's password",
    documentation: 'https://learn.microsoft.com/azure/container-registry/container-registry-authentication',
  },
  {
    provider: 'QUAY',
    name: 'Quay',
    urlPatterns: ['quay.io', '<your Quay host>'],
    host: /^quay\.io$/,
    username: 'Robot account <organization>+<robot>; $oauthtoken or $app for a token',
    fixedUsernames: [],
    password: "The robot account's token, an OAuth token or an encrypted password",
    documentation: 'https://docs.quay.io/glossary/robot-accounts.html',
  },
  {
    provider: 'HARBOR',
    name: 'Harbor',
    urlPatterns: ['<your Harbor host>'],
    host: null,
    username: 'Robot account robot$<name> or robot$<project>+<name>',
    fixedUsernames: [],
    password: "The robot account's secret",
    documentation: 'https://goharbor.io/docs/2.5.0/working-with-projects/project-configuration/create-robot-accounts/',
  },
  {
    provider: 'ARTIFACTORY',
    name: 'JFrog Artifactory',
    urlPatterns: ['<server>.jfrog.io', '<your Artifactory host>'],
    host: /^[a-z0-9-]+\.jfrog\.io$/,
    username: 'Artifactory user name',
    fixedUsernames: [],
    password: 'Identity token, access token or API key',
    documentation: 'https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry',
  },
  {
    provider: 'DIGITALOCEAN',
    name: 'DigitalOcean Container Registry',
    urlPatterns: ['registry.digitalocean.com'],
    host: /^registry\.digitalocean\.com$/,
    username: 'The API token, or the e-mail address of the account',
    fixedUsernames: [],
    password: 'API token (dop_v1_…)',
    documentation: 'https://docs.digitalocean.com/products/container-registry/how-to/use-registry-docker-kubernetes/',
  },
  {
    provider: 'GENERIC',
    name: 'Other registry',
    urlPatterns: ['registry.example.com', 'registry.example.com:5000'],
    host: null,
    username: 'User name',
    fixedUsernames: [],
    password: 'Password or token',
    documentation: null,
  },
];
