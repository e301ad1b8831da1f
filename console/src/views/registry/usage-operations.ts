import { graphql } from '../../api/generated/gql.ts';

/** How often leases are read again: their beginnings and ends are no changes of the registry, so nothing tells of them. */
export const LEASES_READ_MS = 5_000;

export const LEASE_DETAILS = graphql(`
  fragment LeaseDetails on Lease {
    id
    credentialVersion
    expiresAt
    image
    issuedAt
    issuedTo
    pipeline
    purpose
    releasedAt
    revokedBy
    runId
    identity {
      ruleId
      ruleName
      claims {
        name
        value
      }
    }
  }
`);

export const REGISTRY_LEASES = graphql(`
  query RegistryLeases($projectId: ID!, $first: Int!, $after: String, $filter: LeaseFilter!) {
    leases(projectId: $projectId, first: $first, after: $after, filter: $filter) {
      nodes {
        ...LeaseDetails
      }
      pageInfo {
        endCursor
        hasNextPage
      }
      totalCount
      totalCountIsExact
    }
  }
`);

export const REVOKE_LEASES = graphql(`
  mutation RevokeLeasesOfRegistry($projectId: ID!, $registryId: ID!) {
    revokeLeases(projectId: $projectId, registryId: $registryId) {
      revoked
    }
  }
`);

export const LINKED_PIPELINES = graphql(`
  query LinkedPipelinesOfRegistry($projectId: ID!, $id: ID!) {
    linkedPipelines(projectId: $projectId, id: $id) {
      pipeline
      lastUsedAt
      leases
      linked
      note
    }
  }
`);

export const LINK_PIPELINE = graphql(`
  mutation LinkPipelineToRegistry($projectId: ID!, $id: ID!, $input: LinkPipelineInput!) {
    linkPipeline(projectId: $projectId, id: $id, input: $input) {
      registry {
        id
        revision
      }
    }
  }
`);

export const UNLINK_PIPELINE = graphql(`
  mutation UnlinkPipelineFromRegistry($projectId: ID!, $id: ID!, $pipeline: String!, $expectedRevision: Int) {
    unlinkPipeline(projectId: $projectId, id: $id, pipeline: $pipeline, expectedRevision: $expectedRevision) {
      registry {
        id
        revision
      }
    }
  }
`);
