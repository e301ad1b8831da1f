export type RegistryProvider =
  | 'DOCKER_HUB'
  | 'GITHUB'
  | 'GITLAB'
  | 'GOOGLE'
  | 'AMAZON_ECR'
  | 'AMAZON_ECR_PUBLIC'
  | 'AZURE'
  | 'QUAY'
  | 'HARBOR'
  | 'ARTIFACTORY'
  | 'DIGITALOCEAN'
  | 'GENERIC';
