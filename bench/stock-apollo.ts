import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { GraphQLError } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { importJWK, jwtVerify } from 'jose';
import pg from 'pg';

/**
 * A service like this without any optimisation, in a separate process: Apollo's standalone server, a schema in SDL with
 * plain resolvers, a pool, and token verification for every request. It reads the same table and returns the same list.
 */
const typeDefs = `
  scalar DateTime
  type Credential { version: Int! kind: String! status: String! expiresAt: DateTime rotatedAt: DateTime! }
  type Registry {
    id: ID! projectId: ID! url: String! name: String! description: String provider: String! username: String!
    access: String! revision: Int! createdAt: DateTime! createdBy: String! updatedAt: DateTime! updatedBy: String!
    credential: Credential!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type RegistryConnection { nodes: [Registry!]! pageInfo: PageInfo! }
  type Query { registries(projectId: ID!, first: Int = 20): RegistryConnection! }
`;

/** The order from the parent; the answer is `{ url }`. */
export interface StockApolloOrder {
  readonly connectionString: string;
  readonly issuer: string;
  readonly audience: string;
  readonly publicKey: object;
}

interface Row {
  readonly id: string;
  readonly project_id: string;
  readonly url: string;
  readonly name: string;
  readonly description: string | null;
  readonly provider: string;
  readonly username: string;
  readonly access: string;
  readonly revision: number;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
  readonly credential_version: number;
  readonly credential_kind: string;
  readonly expires_at: Date | null;
  readonly rotated_at: Date;
}

interface Context {
  readonly permissions: readonly string[];
}

const LIST = `select id, project_id, url, name, description, provider, username, access, revision, created_at, created_by,
    updated_at, updated_by, credential_version, credential_kind, expires_at, rotated_at
  from read_models.registries where project_id = $1 and phase = 'live' order by lower(name), id limit $2`;

async function serve({ connectionString, issuer, audience, publicKey }: StockApolloOrder): Promise<string> {
  const pool = new pg.Pool({ connectionString });
  const key = await importJWK(publicKey, 'RS256');
  const server = new ApolloServer<Context>({
    typeDefs,
    resolvers: {
      DateTime: GraphQLDateTime,
      Query: {
        async registries(_: unknown, { projectId, first }: { projectId: string; first: number }, context: Context) {
          if (!context.permissions.includes('iam:project:cicd:registry:read')) throw new GraphQLError('Forbidden');
          const { rows } = await pool.query<Row>(LIST, [projectId, first + 1]);
          const nodes = rows.slice(0, first).map(registry);
          const endCursor = Buffer.from(nodes.at(-1)?.id ?? '').toString('base64');
          return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor } };
        },
      },
    },
  });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: 0 },
    context: async ({ req }) => {
      const token = req.headers.authorization?.slice('Bearer '.length) ?? '';
      const { payload } = await jwtVerify<{ projects: Record<string, string[]> }>(token, key, { issuer, audience });
      return { permissions: Object.values(payload.projects).flat() };
    },
  });
  return url;
}

function registry(row: Row) {
  return {
    id: row.id,
    projectId: row.project_id,
    url: row.url,
    name: row.name,
    description: row.description,
    provider: row.provider,
    username: row.username,
    access: row.access,
    revision: row.revision,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
    credential: {
      version: row.credential_version,
      kind: row.credential_kind,
      status: row.expires_at !== null && row.expires_at.getTime() < Date.now() ? 'EXPIRED' : 'ACTIVE',
      expiresAt: row.expires_at,
      rotatedAt: row.rotated_at,
    },
  };
}

process.on('message', (order: StockApolloOrder) => {
  serve(order).then(
    (url) => process.send?.({ result: url }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
