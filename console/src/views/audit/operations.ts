import { graphql } from '../../api/generated/gql.ts';

/** What a line of the list shows. */
export const AUDIT_PAGE = graphql(`
  query AuditPage($projectId: ID!, $filter: AuditFilter, $first: Int!, $after: String) {
    auditLog(projectId: $projectId, filter: $filter, first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        sequence
        occurredAt
        action
        outcome
        code
        actor
        url
        pipeline
        runId
        count
      }
    }
  }
`);

/** In a query of its own: counting may take longer than the page. */
export const AUDIT_COUNT = graphql(`
  query AuditCount($projectId: ID!, $filter: AuditFilter) {
    auditLog(projectId: $projectId, filter: $filter, first: 1) {
      totalCount
      totalCountIsExact
    }
  }
`);

export const AUDIT_HISTOGRAM = graphql(`
  query AuditHistogram($projectId: ID!, $bucket: AuditBucket!, $filter: AuditFilter) {
    auditHistogram(projectId: $projectId, bucket: $bucket, filter: $filter) {
      start
      succeeded
      denied
      failed
    }
  }
`);

/** Whole entries, of a short time. */
export const AUDIT_ENTRIES = graphql(`
  query AuditEntries($projectId: ID!, $filter: AuditFilter!) {
    auditLog(projectId: $projectId, filter: $filter, first: 100) {
      nodes {
        format
        sequence
        eventId
        occurredAt
        action
        outcome
        code
        field
        actor
        issuer
        tokenId
        ipAddress
        userAgent
        requestId
        registryId
        url
        pipeline
        runId
        image
        leaseId
        changes {
          field
          from
          to
        }
        durationMs
        count
        until
        identity {
          ruleId
          ruleName
          claims {
            name
            value
          }
        }
        hash
      }
    }
  }
`);
