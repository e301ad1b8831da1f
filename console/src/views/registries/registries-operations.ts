import { graphql } from '../../api/generated/gql.ts';

export const REGISTRIES_PAGE = graphql(`
  query RegistriesPage($projectId: ID!, $filter: RegistryFilter, $orderBy: RegistryOrder, $after: String) {
    registries(projectId: $projectId, filter: $filter, orderBy: $orderBy, first: 50, after: $after) {
      pageInfo {
        endCursor
        hasNextPage
      }
      nodes {
        ...RegistryRow
      }
    }
  }

  fragment RegistryRow on Registry {
    id
    name
    url
    provider
    access
    mint {
      kind
    }
    credential {
      status
      expiresAt
      rotationDueAt
      staged {
        version
      }
    }
    usage {
      activeLeases
      lastUsedAt
    }
  }
`);

/** In a query of its own: counting takes longer than a page, and a page need not be counted again. */
export const REGISTRIES_COUNT = graphql(`
  query RegistriesCount($projectId: ID!, $filter: RegistryFilter) {
    registries(projectId: $projectId, filter: $filter, first: 1) {
      totalCount
      totalCountIsExact
    }
  }
`);
