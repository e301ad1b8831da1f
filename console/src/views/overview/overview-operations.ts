import { graphql } from '../../api/generated/gql.ts';

/** The first few of each group. How many there are is another question, which takes longer. */
export const OVERVIEW_ATTENTION = graphql(`
  query OverviewAttention($projectId: ID!, $now: DateTime!, $longAgo: DateTime!) {
    all: registries(projectId: $projectId, first: 1) {
      nodes {
        id
      }
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
    pageInfo {
      hasNextPage
    }
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

/** Of the groups that have more than their first few. */
export const OVERVIEW_COUNTS = graphql(`
  query OverviewCounts(
    $projectId: ID!
    $now: DateTime!
    $longAgo: DateTime!
    $failing: Boolean!
    $needsCredential: Boolean!
    $expired: Boolean!
    $expiring: Boolean!
    $overdue: Boolean!
    $neverTested: Boolean!
    $unused: Boolean!
  ) {
    failing: registries(projectId: $projectId, filter: { status: FAILING }, first: 1) @include(if: $failing) {
      ...GroupCount
    }
    needsCredential: registries(projectId: $projectId, filter: { status: NEEDS_CREDENTIAL }, first: 1)
      @include(if: $needsCredential) {
      ...GroupCount
    }
    expired: registries(projectId: $projectId, filter: { status: EXPIRED }, first: 1) @include(if: $expired) {
      ...GroupCount
    }
    expiring: registries(projectId: $projectId, filter: { status: EXPIRING }, first: 1) @include(if: $expiring) {
      ...GroupCount
    }
    overdue: registries(projectId: $projectId, filter: { rotationDueBefore: $now }, first: 1) @include(if: $overdue) {
      ...GroupCount
    }
    neverTested: registries(projectId: $projectId, filter: { neverTested: true }, first: 1) @include(if: $neverTested) {
      ...GroupCount
    }
    unused: registries(projectId: $projectId, filter: { unusedSince: $longAgo }, first: 1) @include(if: $unused) {
      ...GroupCount
    }
  }

  fragment GroupCount on RegistryConnection {
    totalCount
    totalCountIsExact
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
      pageInfo {
        hasNextPage
      }
      nodes {
        ...EndingRegistry
      }
    }
    due: registries(projectId: $projectId, filter: { rotationDueBefore: $until }, first: 100) {
      pageInfo {
        hasNextPage
      }
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
