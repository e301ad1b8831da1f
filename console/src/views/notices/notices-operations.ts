import { graphql } from '../../api/generated/gql.ts';

export const NOTICES_PAGE = graphql(`
  query NoticesPage($projectId: ID!, $registryId: ID, $first: Int!, $after: String) {
    rotationNotices(projectId: $projectId, registryId: $registryId, first: $first, after: $after) {
      latestCursor
      pageInfo {
        endCursor
        hasNextPage
      }
      nodes {
        ...ShownNotice
      }
    }
  }

  fragment ShownNotice on RotationNotice {
    cursor
    kind
    registryId
    url
    credentialVersion
    occurredAt
    actor
    leasesOnOlderVersions
    message
  }
`);

export const FOLLOW_NOTICES = graphql(`
  subscription FollowNotices($projectId: ID!, $registryId: ID, $after: String) {
    rotationNotices(projectId: $projectId, registryId: $registryId, after: $after) {
      ...ShownNotice
    }
  }
`);

/** The registries that the latest notices are about, for the filter. */
export const NOTICED_REGISTRIES = graphql(`
  query NoticedRegistries($projectId: ID!) {
    rotationNotices(projectId: $projectId, first: 100) {
      nodes {
        cursor
        registryId
        url
      }
    }
  }
`);
