import { graphql } from '../../api/generated/gql.ts';

export const AUDIT_KEYS = graphql(`
  query AuditKeys($projectId: ID!) {
    auditKeys(projectId: $projectId) {
      keyId
      publicKey
      createdAt
      retiredAt
    }
  }
`);

export const AUDIT_HEADS = graphql(`
  query AuditHeads($projectId: ID!, $after: String) {
    auditHeads(projectId: $projectId, first: 100, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        format
        sequence
        hash
        signedAt
        keyId
        instance
        signature
      }
    }
  }
`);
