import { graphql } from '../../api/generated/gql.ts';

/** Counts alone: each is bounded, however many registries a project has. */
export const PROJECT_ATTENTION = graphql(`
  query ProjectAttention($projectId: ID!, $now: DateTime!) {
    all: registries(projectId: $projectId, first: 1) {
      totalCount
      totalCountIsExact
    }
    broken: registries(projectId: $projectId, filter: { statuses: [FAILING, EXPIRED, NEEDS_CREDENTIAL] }, first: 1) {
      totalCount
      totalCountIsExact
    }
    expiring: registries(projectId: $projectId, filter: { status: EXPIRING }, first: 1) {
      totalCount
      totalCountIsExact
    }
    overdue: registries(projectId: $projectId, filter: { rotationDueBefore: $now }, first: 1) {
      totalCount
      totalCountIsExact
    }
  }
`);
