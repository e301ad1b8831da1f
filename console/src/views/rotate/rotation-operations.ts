import { graphql } from '../../api/generated/gql.ts';

export const CHANGE_IMPACT = graphql(`
  query ChangeImpactOfRegistry($projectId: ID!, $id: ID!) {
    changeImpact(projectId: $projectId, id: $id) {
      activeLeaseCount
      activeLeases {
        ...LeaseDetails
      }
      blocked
      pipelinesLast30Days {
        pipeline
        lastUsedAt
        leases
        linked
        note
      }
      reason
    }
  }
`);

export const TEST_ENTERED = graphql(`
  mutation TestEnteredCredential($projectId: ID!, $input: TestCredentialsInput!) {
    testCredentials(projectId: $projectId, input: $input) {
      ...HealthDetails
    }
  }
`);

export const STAGE = graphql(`
  mutation StageNextCredential($projectId: ID!, $id: ID!, $input: StageCredentialInput!) {
    stageCredential(projectId: $projectId, id: $id, input: $input) {
      registry {
        ...RegistryDetails
      }
      warnings
    }
  }
`);

export const TEST_STAGED = graphql(`
  mutation TestStagedVersion($projectId: ID!, $id: ID!, $version: Int!) {
    testStagedCredential(projectId: $projectId, id: $id, version: $version) {
      ...StagedCredentialProof
    }
  }

  fragment StagedCredentialProof on StagedCredentialTest {
    provesEnough
    reason
    staged {
      ...HealthDetails
    }
    active {
      ...HealthDetails
    }
  }
`);

export const ACTIVATE = graphql(`
  mutation ActivateStagedCredential($projectId: ID!, $id: ID!, $input: ActivateCredentialInput!) {
    activateCredential(projectId: $projectId, id: $id, input: $input) {
      registry {
        ...RegistryDetails
      }
      warnings
      activeLeases
    }
  }
`);

export const ABANDON = graphql(`
  mutation AbandonStagedVersion($projectId: ID!, $id: ID!, $version: Int!, $idempotencyKey: String) {
    abandonStagedCredential(projectId: $projectId, id: $id, version: $version, idempotencyKey: $idempotencyKey) {
      registry {
        ...RegistryDetails
      }
    }
  }
`);

export const ROTATE = graphql(`
  mutation RotateCredentialAtOnce($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
    rotateCredential(projectId: $projectId, id: $id, input: $input) {
      registry {
        ...RegistryDetails
      }
      warnings
      activeLeases
    }
  }
`);
