import { graphql } from '../../api/generated/gql.ts';

export const REGISTRY_PRESETS = graphql(`
  query RegistryPresets {
    registryPresets {
      ...PresetDetails
    }
  }

  fragment PresetDetails on RegistryPreset {
    provider
    name
    urlPatterns
    username
    fixedUsername
    password
    documentation
  }
`);

export const REGISTRY_AT = graphql(`
  query RegistryAtUrl($projectId: ID!, $url: String!) {
    registryByUrl(projectId: $projectId, url: $url) {
      id
      name
      url
    }
  }
`);

export const TEST_NEW = graphql(`
  mutation TestNewCredential($projectId: ID!, $input: TestCredentialsInput!) {
    testCredentials(projectId: $projectId, input: $input) {
      ...HealthDetails
      expiresAt
      warnings
    }
  }
`);

export const CREATE_REGISTRY = graphql(`
  mutation AddRegistry($projectId: ID!, $input: CreateRegistryInput!) {
    createRegistry(projectId: $projectId, input: $input) {
      registry {
        id
        name
        url
        credential {
          expiresAt
          warnings
        }
        mint {
          federated
        }
      }
    }
  }
`);
