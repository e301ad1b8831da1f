import { graphql } from '../api/generated/gql.ts';

/** Changes of registries, for reading again what of the project is shown. */
export const PROJECT_CHANGES = graphql(`
  subscription ProjectChanges($projectId: ID!, $after: String) {
    registryChanges(projectId: $projectId, after: $after) {
      cursor
      kind
      registryId
    }
  }
`);

export const LATEST_CHANGE = graphql(`
  query LatestChange($projectId: ID!) {
    registries(projectId: $projectId, first: 1) {
      latestCursor
    }
  }
`);
