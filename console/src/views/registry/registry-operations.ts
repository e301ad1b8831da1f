import { graphql } from '../../api/generated/gql.ts';

export const HEALTH_DETAILS = graphql(`
  fragment HealthDetails on RegistryHealth {
    advice
    credentialVersion
    durationMs
    login
    method
    outcome
    pull
    push
    repository
    testedAt
  }
`);

export const REGISTRY_DETAILS = graphql(`
  fragment RegistryDetails on Registry {
    id
    projectId
    name
    url
    enteredUrl
    provider
    username
    access
    description
    email
    authRealmHost
    caCertificate
    revision
    createdAt
    createdBy
    updatedAt
    updatedBy
    mint {
      kind
      federated
      apiUrl
      clientId
      externalId
      installationId
      providerName
      robot
      roleArn
      serviceAccountEmail
      tenantId
      workloadIdentityProvider
    }
    credential {
      version
      kind
      status
      expiresAt
      expirySource
      rotateEveryDays
      rotatedAt
      rotatedBy
      rotationDueAt
      warnings
      staged {
        version
        expiresAt
        stagedAt
        stagedBy
        health {
          ...HealthDetails
        }
      }
      retiring {
        version
        activeLeases
        destroyedAt
      }
    }
  }
`);

export const REGISTRY = graphql(`
  query RegistryPage($projectId: ID!, $id: ID!) {
    registry(projectId: $projectId, id: $id) {
      ...RegistryDetails
      health {
        ...HealthDetails
      }
      usage {
        activeLeases
        lastUsedAt
        lastUsedBy
        pipelines {
          pipeline
          lastUsedAt
          leases
          linked
          note
        }
      }
    }
  }
`);

export const REGISTRY_AS_OF = graphql(`
  query RegistryAsOf($projectId: ID!, $id: ID!, $at: DateTime!) {
    registryAsOf(projectId: $projectId, id: $id, at: $at) {
      ...RegistryDetails
    }
  }
`);

export const REGISTRY_HISTORY = graphql(`
  query RegistryHistory($projectId: ID!, $id: ID!, $first: Int!, $after: String) {
    registry(projectId: $projectId, id: $id) {
      id
      history(first: $first, after: $after) {
        nodes {
          eventId
          sequence
          action
          actor
          occurredAt
          outcome
          code
          count
          until
          pipeline
          changes {
            field
            from
            to
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
        totalCount
        totalCountIsExact
      }
    }
  }
`);

export const TEST_REGISTRY = graphql(`
  mutation TestStoredCredential($projectId: ID!, $id: ID!, $repository: String) {
    testRegistry(projectId: $projectId, id: $id, repository: $repository) {
      ...HealthDetails
    }
  }
`);

export const UPDATE_REGISTRY = graphql(`
  mutation UpdateRegistryDetails($projectId: ID!, $id: ID!, $input: UpdateRegistryInput!) {
    updateRegistry(projectId: $projectId, id: $id, input: $input) {
      registry {
        ...RegistryDetails
      }
      warnings
      activeLeases
    }
  }
`);

export const DELETE_REGISTRY = graphql(`
  mutation DeleteRegistryForGood($projectId: ID!, $id: ID!, $input: DeleteRegistryInput!) {
    deleteRegistry(projectId: $projectId, id: $id, input: $input) {
      deletedId
      url
    }
  }
`);
