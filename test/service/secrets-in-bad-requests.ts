/** A refused request with a password in or near the faulty part. */
export interface BadRequest {
  readonly what: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const CREATE = `mutation ($input: CreateRegistryInput!) {
  createRegistry(projectId: "demo", input: $input) { registry { id } } }`;
const UPDATE = `mutation ($id: ID!, $input: UpdateRegistryInput!) {
  updateRegistry(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const ROTATE = `mutation ($id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const ISSUE = `mutation ($input: IssueCredentialInput!) {
  issueCredential(projectId: "demo", input: $input) { username } }`;

/** `id`: of a registry that exists, at `taken.example`. */
export function badRequests(secret: string, id: string): BadRequest[] {
  const input = { url: 'bad.example', username: 'ada', password: secret };
  const create = (what: string, changes: Record<string, unknown>): BadRequest => ({
    what,
    query: CREATE,
    variables: { input: { ...input, ...changes } },
  });
  const inline = (what: string, fields: string): BadRequest => ({
    what,
    query: `mutation { createRegistry(projectId: "demo", input: { ${fields} }) { registry { id } } }`,
    variables: {},
  });
  return [
    create('an object as the password', { password: { value: secret } }),
    create('a list as the password', { password: [secret] }),
    create('a field that does not exist', { passwort: secret }),
    create('a password as the name of a field', { [secret]: true }),
    create('a password where a number belongs', { rotateEveryDays: secret }),
    create('a password where an enum belongs', { access: secret }),
    create('a password where a date belongs', { expiresAt: secret }),
    create('a password where a flag belongs', { verify: secret }),
    create('a missing field beside a password', { username: null }),
    create('a NUL in the password', { password: `${secret}\0` }),
    create('a lone surrogate in the password', { password: `${secret}\ud800` }),
    create('a password that is too long', { password: secret.repeat(2_000) }),
    create('a password in the URL', { url: `https://ada:${secret}@bad.example` }),
    create('a password as the URL', { url: secret }),
    create('a URL that is none, with a password', { url: `https://[${secret}` }),
    create('a password in the query of the URL', { url: `https://bad.example/?token=${secret}` }),
    create('a password as the mail address', { email: secret }),
    create('a password as the certificate', { caCertificate: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END-----` }),
    create('a service-account key that is damaged', {
      url: 'gcr.io',
      username: '_json_key',
      password: `{"type":"service_account","private_key":"${secret}`,
    }),
    create('a service-account key in base64 that is damaged', {
      url: 'gcr.io',
      username: '_json_key_base64',
      password: Buffer.from(`{"type":"service_account","private_key":"${secret}`).toString('base64'),
    }),
    create('a username that the provider does not have', { url: 'gcr.io', username: 'ada' }),
    create('a registry that exists', { url: 'taken.example' }),
    create('a wrong idempotency key', { idempotencyKey: '' }),
    { what: 'a password as the id', query: ROTATE, variables: { id: secret, input: { password: secret } } },
    {
      what: 'a revision that has passed',
      query: ROTATE,
      variables: { id, input: { password: secret, expectedRevision: 99 } },
    },
    { what: 'a password as the revision', query: UPDATE, variables: { id, input: { expectedRevision: secret } } },
    {
      what: 'a username that is cleared',
      query: UPDATE,
      variables: { id, input: { username: null, password: secret } },
    },
    {
      what: 'an image with a password',
      query: ISSUE,
      variables: { input: { image: `ada:${secret}@bad.example/app`, pipeline: 'p' } },
    },
    {
      what: 'an image URL with a password',
      query: ISSUE,
      variables: { input: { image: `https://ada:${secret}@bad.example/app`, pipeline: 'p' } },
    },
    { what: 'a variable that is no input', query: CREATE, variables: { input: secret } },
    inline('a field that does not exist, written out', `url: "bad.example", username: "a", passphrase: "${secret}"`),
    inline('a list as the password, written out', `url: "bad.example", username: "a", password: ["${secret}"]`),
    inline('a missing field, written out', `url: "bad.example", password: "${secret}"`),
    inline('an open string', `url: "bad.example", username: "a", password: "${secret}`),
    inline('a wrong escape', `url: "bad.example", username: "a", password: "${secret}\\q"`),
    { what: 'a document that is a password', query: secret, variables: {} },
    { what: 'a field that is a password', query: `{ ${secret.replaceAll('-', '_')} }`, variables: {} },
  ];
}

/** Bodies that are not requests, as sent over the wire. */
export function badBodies(secret: string): Readonly<Record<string, string>> {
  const request = JSON.stringify({ query: CREATE, variables: { input: { password: secret } } });
  return {
    'JSON that is cut off': request.slice(0, -2),
    'JSON with a wrong escape': request.replace(secret, `${secret}\\x`),
    'a password and nothing else': secret,
    'a password as JSON': JSON.stringify(secret),
    'a batch': `[${request},${request}]`,
    'a password as the document’s type': JSON.stringify({ query: { secret } }),
    'a password as the variables': JSON.stringify({ query: CREATE, variables: secret }),
    'a password as the operation’s name': JSON.stringify({ query: '{ viewer { subject } }', operationName: secret }),
    'variables that are nested too deeply': `{"query":"{viewer{subject}}","variables":{"a":${'{"a":'.repeat(50)}"${secret}"${'}'.repeat(50)}}}`,
    'a prototype': `{"query":"{viewer{subject}}","variables":{"__proto__":{"password":"${secret}"}}}`,
    'a body that is too large': JSON.stringify({ query: CREATE, variables: { input: secret.repeat(10_000) } }),
  };
}
