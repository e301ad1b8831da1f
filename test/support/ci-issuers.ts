import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

/** What test issuers are asked to have as `aud`. */
export const AUDIENCE = 'purser.example';

export interface CiTokenOptions {
  /** Claims to add or replace; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** From now; negative for a token that has expired. Default: 300, as the tokens of jobs live for minutes. */
  readonly ttlSeconds?: number;
}

/** An issuer that signs with RS256, as CI systems do. */
export interface CiIssuer {
  readonly issuer: string;
  /** Its entry in `JWT_ISSUERS`. */
  readonly entry: Readonly<Record<string, unknown>>;
  token(options?: CiTokenOptions): string;
}

/** Signs with node:crypto, so that it shares no code with the verifier. */
function createCiIssuer(issuer: string, shape: () => Readonly<Record<string, unknown>>): CiIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  return {
    issuer,
    entry: { issuer, audience: AUDIENCE, grants: 'rules', algorithms: ['RS256'], jwks: { keys: [jwk] } },
    token({ claims, ttlSeconds = 300 } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const times = { iat: now - 10, nbf: now - 10, exp: now + ttlSeconds, jti: randomUUID() };
      const payload = { iss: issuer, aud: AUDIENCE, ...times, ...shape(), ...claims };
      const signed = `${segment({ alg: 'RS256', typ: 'JWT', kid })}.${segment(payload)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
  };
}

/** Of a push to the main branch of `octo/web`; ids are texts. From docs.github.com, "OpenID Connect reference". */
export const createGithub = (): CiIssuer =>
  createCiIssuer('https://token.actions.githubusercontent.com', () => ({
    sub: 'repo:octo/web:ref:refs/heads/main',
    repository: 'octo/web',
    repository_id: '74',
    repository_owner: 'octo',
    repository_owner_id: '9',
    repository_visibility: 'private',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    ref_protected: 'true',
    sha: '8fdb3f2c0c7a',
    event_name: 'push',
    workflow: 'build',
    workflow_ref: 'octo/web/.github/workflows/build.yml@refs/heads/main',
    job_workflow_ref: 'octo/web/.github/workflows/build.yml@refs/heads/main',
    actor: 'ada',
    actor_id: '4',
    run_id: '1742',
    run_number: '10',
    run_attempt: '1',
    runner_environment: 'github-hosted',
  }));

/** Of a pipeline on a protected branch; numbers and booleans are texts. From docs.gitlab.com, "ID token authentication". */
export const createGitlab = (): CiIssuer =>
  createCiIssuer('https://gitlab.com', () => ({
    sub: 'project_path:group/web:ref_type:branch:ref:main',
    namespace_id: '72',
    namespace_path: 'group',
    project_id: '20',
    project_path: 'group/web',
    user_id: '1',
    user_login: 'ada',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment_protected: 'false',
    runner_environment: 'gitlab-hosted',
    sha: '714a629c0b40',
    ci_config_ref_uri: 'gitlab.com/group/web//.gitlab-ci.yml@refs/heads/main',
  }));

/** Of a service account, bound to a pod. From kubernetes.io, "Managing Service Accounts". */
export const createCluster = (): CiIssuer =>
  createCiIssuer('https://cluster.example', () => ({
    sub: 'system:serviceaccount:ci:build',
    'kubernetes.io': {
      namespace: 'ci',
      node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
      pod: { name: 'build-x7', uid: '5e0bd49b-f040-43b0-99b7-22765a53f7f3' },
      serviceaccount: { name: 'build', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
    },
  }));

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
