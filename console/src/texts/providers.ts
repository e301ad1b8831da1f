/** Who runs a registry, or its software, in short. Keyed by the schema's `RegistryProvider`. */
export const PROVIDERS = {
  AMAZON_ECR: 'Amazon ECR',
  AMAZON_ECR_PUBLIC: 'Amazon ECR Public',
  ARTIFACTORY: 'JFrog Artifactory',
  AZURE: 'Azure Container Registry',
  DIGITALOCEAN: 'DigitalOcean',
  DOCKER_HUB: 'Docker Hub',
  FORGEJO: 'Forgejo or Gitea',
  GENERIC: 'Other',
  GITHUB: 'GitHub',
  GITLAB: 'GitLab',
  GOOGLE: 'Google',
  HARBOR: 'Harbor',
  QUAY: 'Quay',
  SCALEWAY: 'Scaleway',
} as const;
