import { randomUUID } from 'node:crypto';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { GraphQLError } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { importJWK, jwtVerify } from 'jose';
import pg from 'pg';

/**
 * A service like this without any optimisation, in a separate process: Apollo's standalone server, a schema in SDL with
 * plain resolvers, a pool, and token verification for every request. It reads the same table and returns the same list; it
 * issues passwords that pgcrypto decrypts, after one durable insert into an audit table.
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
  type Lease { id: ID! registryId: ID! credentialVersion: Int! pipeline: String! issuedAt: DateTime! expiresAt: DateTime! }
  type IssuedCredential { lease: Lease! serverAddress: String! username: String! password: String! expiresAt: DateTime }
  input IssueCredentialInput { image: String! pipeline: String! purpose: String! }
  type Mutation { issueCredential(projectId: ID!, input: IssueCredentialInput!): IssuedCredential! }
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

interface Issue {
  readonly image: string;
  readonly pipeline: string;
  readonly purpose: string;
}

interface IssuedRow {
  readonly id: string;
  readonly username: string;
  readonly version: number;
  readonly expires_at: Date | null;
  readonly password: string;
}

interface Context {
  readonly subject: string;
  readonly permissions: readonly string[];
}

const LIST = `select id, project_id, url, name, description, provider, username, access, revision, created_at, created_by,
    updated_at, updated_by, credential_version, credential_kind, expires_at, rotated_at
  from read_models.registries where project_id = $1 and phase = 'live' order by lower(name), id limit $2`;

/** What pgcrypto encrypts with, in the service's memory as in such services. */
const PASSPHRASE = 'correct horse battery staple';
const TABLES = `create extension if not exists pgcrypto;
  create table if not exists bench_stock_credentials (id uuid primary key, project_id text not null, url text not null,
    username text not null, version int not null, expires_at timestamptz, secret bytea not null, unique (project_id, url));
  create table if not exists bench_stock_audit (id bigserial primary key, project_id text not null, at timestamptz not null,
    actor text not null, action text not null, detail json not null);
  insert into bench_stock_credentials
    select id, project_id, url, username, credential_version, expires_at, pgp_sym_encrypt('secret of ' || url, '${PASSPHRASE}')
    from read_models.registries where phase = 'live' on conflict do nothing`;
const OPEN = `select id, username, version, expires_at, pgp_sym_decrypt(secret, $3) as password
  from bench_stock_credentials where project_id = $1 and url = $2`;
const RECORD = `insert into bench_stock_audit (project_id, at, actor, action, detail) values ($1, $2, $3, 'ISSUE', $4)`;

async function serve({ connectionString, issuer, audience, publicKey }: StockApolloOrder): Promise<string> {
  const pool = new pg.Pool({ connectionString });
  await pool.query(TABLES);
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
      Mutation: {
        async issueCredential(_: unknown, { projectId, input }: { projectId: string; input: Issue }, context: Context) {
          if (!context.permissions.includes('iam:project:cicd:registry:use')) throw new GraphQLError('Forbidden');
          const [serverAddress = ''] = input.image.split('/');
          const { rows } = await pool.query<IssuedRow>(OPEN, [projectId, serverAddress, PASSPHRASE]);
          const [row] = rows;
          if (!row) throw new GraphQLError('Not found');
          const issuedAt = new Date();
          const { pipeline } = input;
          const lease = { id: randomUUID(), registryId: row.id, credentialVersion: row.version, pipeline, issuedAt };
          await pool.query(RECORD, [projectId, issuedAt, context.subject, JSON.stringify({ ...input, ...lease })]);
          const { username, password, expires_at: expiresAt } = row;
          const leaseEnd = new Date(issuedAt.getTime() + 3_600_000);
          return { lease: { ...lease, expiresAt: leaseEnd }, serverAddress, username, password, expiresAt };
        },
      },
    },
  });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: 0 },
    context: async ({ req }) => {
      const token = req.headers.authorization?.slice('Bearer '.length) ?? '';
      const { payload } = await jwtVerify<{ projects: Record<string, string[]> }>(token, key, { issuer, audience });
      return { subject: payload.sub ?? '', permissions: Object.values(payload.projects).flat() };
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
