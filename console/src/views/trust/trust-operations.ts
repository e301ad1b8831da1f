import { graphql } from '../../api/generated/gql.ts';

/** Changes of rules are not followed live. */
export const RULES_REFRESH_MS = 60_000;

export const TRUST_RULES = graphql(`
  query TrustRules($projectId: ID!) {
    trustRules(projectId: $projectId) {
      ...TrustRuleDetails
    }
  }

  fragment TrustRuleDetails on TrustRule {
    id
    projectId
    name
    issuer
    matches {
      claim
      equals
      startsWith
    }
    permissions
    purposes
    registryIds
    repositories
    pipelineClaim
    runIdClaim
    allowPassword
    warnings
    lastUsedAt
    revision
    createdAt
    createdBy
    updatedAt
    updatedBy
  }
`);

export const TRUST_RULE_PRESETS = graphql(`
  query TrustRulePresets {
    trustRulePresets {
      ...TrustRulePresetDetails
    }
  }

  fragment TrustRulePresetDetails on TrustRulePreset {
    name
    issuer
    jwksUri
    claims
    matches {
      claim
      equals
      startsWith
    }
    purposes
    pipelineClaim
    runIdClaim
    advice
    documentation
  }
`);

export const REVIEW_RULE = graphql(`
  query ReviewOfRule($projectId: ID!, $id: ID, $input: ReviewTrustRuleInput!) {
    reviewTrustRule(projectId: $projectId, id: $id, input: $input) {
      rejections {
        field
        message
      }
      warnings
    }
  }
`);

export const CREATE_TRUST_RULE = graphql(`
  mutation CreateTrustRule($projectId: ID!, $input: TrustRuleInput!) {
    createTrustRule(projectId: $projectId, input: $input) {
      rule {
        ...TrustRuleDetails
      }
    }
  }
`);

export const UPDATE_TRUST_RULE = graphql(`
  mutation UpdateTrustRule($projectId: ID!, $id: ID!, $input: UpdateTrustRuleInput!) {
    updateTrustRule(projectId: $projectId, id: $id, input: $input) {
      rule {
        ...TrustRuleDetails
      }
    }
  }
`);

export const DELETE_TRUST_RULE = graphql(`
  mutation DeleteTrustRule($projectId: ID!, $id: ID!, $expectedRevision: Int) {
    deleteTrustRule(projectId: $projectId, id: $id, expectedRevision: $expectedRevision) {
      deletedId
    }
  }
`);

export const CHECK_TRUST = graphql(`
  mutation CheckTrust($projectId: ID!, $token: String!) {
    checkTrust(projectId: $projectId, token: $token) {
      granted
      reason
      rules {
        met
        reason
        rule {
          id
          name
        }
      }
    }
  }
`);

export const REGISTRIES_TO_PICK = graphql(`
  query RegistriesToPick($projectId: ID!, $search: String!) {
    registries(projectId: $projectId, filter: { search: $search }, first: 8) {
      nodes {
        id
        name
        url
      }
    }
  }
`);

export const PICKED_REGISTRY = graphql(`
  query PickedRegistry($projectId: ID!, $id: ID!) {
    registry(projectId: $projectId, id: $id) {
      id
      name
      url
    }
  }
`);
