import { graphql } from '../api/generated/gql.ts';

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      subject
      issuer
      tokenExpiresAt
      projects {
        id
        permissions
      }
    }
  }
`);

/** Who is signed in, by the token. */
export interface Viewer {
  readonly subject: string;
  readonly issuer: string;
  readonly projects: readonly ViewerProject[];
}

export interface ViewerProject {
  readonly id: string;
  readonly permissions: readonly string[];
}
