import { graphql } from '../api/generated/gql.ts';

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      subject
      projects {
        id
        permissions
      }
    }
  }
`);

export function App() {
  return <main>Purser</main>;
}
