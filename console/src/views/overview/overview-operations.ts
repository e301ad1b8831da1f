import { graphql } from '../../api/generated/gql.ts';

/** Each group is its count and its first few: the cost does not follow the size of the project. */
export const OVERVIEW_ATTENTION = graphql(`
  query OverviewAttention($projectId: ID!, $now: DateTime!, $longAgo: DateTime!) {
    all: registries(projectId: $projectId, first: 1) {
      totalCount
    }
    failing: registries(projectId: $projectId, filter: { status: FAILING }, first: 4) {
      ...AttentionGroup
    }
    needsCredential: registries(projectId: $projectId, filter: { status: NEEDS_CREDENTIAL }, first: 4) {
      ...AttentionGroup
    }
    expired: registries(
      projectId: $projectId
      filter: { status: EXPIRED }
      orderBy: { field: EXPIRES_AT, direction: DESC }
      first: 4
    ) {
      ...AttentionGroup
    }
    expiring: registries(
      projectId: $projectId
      filter: { status: EXPIRING }
      orderBy: { field: EXPIRES_AT, direction: ASC }
      first: 4
    ) {
      ...AttentionGroup
    }
    overdue: registries(projectId: $projectId, filter: { rotationDueBefore: $now }, first: 4) {
      ...AttentionGroup
    }
    neverTested: registries(projectId: $projectId, filter: { neverTested: true }, first: 4) {
      ...AttentionGroup
    }
    unused: registries(
      projectId: $projectId
      filter: { unusedSince: $longAgo }
      orderBy: { field: CREATED_AT, direction: ASC }
      first: 4
    ) {
      ...AttentionGroup
    }
  }

  fragment AttentionGroup on RegistryConnection {
    totalCount
    totalCountIsExact
    nodes {
      id
      name
      createdAt
      credential {
        expiresAt
        rotationDueAt
      }
      health {
        testedAt
      }
      usage {
        lastUsedAt
      }
    }
  }
`);

export const OVERVIEW_ENDINGS = graphql(`
  query OverviewEndings($projectId: ID!, $until: DateTime!) {
    expiring: registries(
      projectId: $projectId
      filter: { expiresBefore: $until, statuses: [ACTIVE, EXPIRING, FAILING, NEEDS_CREDENTIAL] }
      orderBy: { field: EXPIRES_AT, direction: ASC }
      first: 100
    ) {
      totalCount
      nodes {
        ...EndingRegistry
      }
    }
    due: registries(projectId: $projectId, filter: { rotationDueBefore: $until }, first: 100) {
      totalCount
      nodes {
        ...EndingRegistry
      }
    }
  }

  fragment EndingRegistry on Registry {
    id
    name
    credential {
      expiresAt
      rotationDueAt
    }
  }
`);

export const OVERVIEW_USE = graphql(`
  query OverviewUse($projectId: ID!) {
    registryUse(projectId: $projectId, days: 30) {
      startsAt
      issued
      failed
    }
  }
`);

export const OVERVIEW_NOTICES = graphql(`
  query OverviewNotices($projectId: ID!) {
    rotationNotices(projectId: $projectId, first: 6) {
      nodes {
        cursor
        kind
        registryId
        message
        occurredAt
      }
    }
  }
`);
