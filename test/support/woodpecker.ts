import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Ask } from './credential-asks.ts';

export const WOODPECKER_URL = 'https://ci.example';

export interface WoodpeckerDouble {
  /** As the server shows it at `/api/signature/public-key`. */
  readonly publicKey: string;
  ask(options?: WoodpeckerAsk): Ask;
}

export interface WoodpeckerAsk {
  /** Default: `project=demo`. */
  readonly query?: string;
  /** Default: 7. */
  readonly pipeline?: number;
  /** Further fields of the repository, and of the pipeline. */
  readonly repo?: Readonly<Record<string, unknown>>;
  readonly of?: Readonly<Record<string, unknown>>;
  /** Milliseconds from now. Default: 0. */
  readonly createdAfter?: number;
  /** Default: one signing key of this server. */
  readonly key?: KeyObject;
  /** The components that the signature covers. */
  readonly covered?: readonly string[];
  readonly parameters?: (created: number) => string;
}

/**
 * Asks as a Woodpecker server does: the types of woodpecker-ci/woodpecker, `server/services/registry/http.go`,
 * `server/model/repo.go` and `server/model/pipeline.go`; signed as `server/services/utils/http.go` signs. It shares no code
 * with the service: the text that is signed is written here by hand, after RFC 9421, section 2.5.
 */
export function createWoodpeckerDouble(): WoodpeckerDouble {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    ask({ query = 'project=demo', pipeline = 7, repo, of, createdAfter = 0, key = privateKey, ...signing } = {}) {
      const path = `/v1/woodpecker?${query}`;
      const sent = { repo: { ...REPO, ...repo }, pipeline: { ...PIPELINE, number: pipeline, ...of } };
      const body = `${JSON.stringify(sent)}\n`;
      const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
      const created = Math.floor((Date.now() + createdAfter) / 1000);
      const { covered = ['@request-target', 'content-digest'], parameters = usual } = signing;
      const input = `(${covered.map((name) => `"${name}"`).join(' ')})${parameters(created)}`;
      const values: Record<string, string> = { '@request-target': path, 'content-digest': digest, '@method': 'POST' };
      const text = [...covered.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${input}`].join('\n');
      return {
        path,
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Woodpecker/3 (server-extensions)',
          'content-digest': digest,
          'signature-input': `woodpecker-ci-extensions=${input}`,
          signature: `woodpecker-ci-extensions=:${sign(null, Buffer.from(text), key).toString('base64')}:`,
        },
      };
    },
  };
}

const usual = (created: number) => `;created=${created};alg="ed25519"`;

const REPO = {
  id: 100,
  forge_id: 1,
  forge_remote_id: '4711',
  org_id: 1,
  owner: 'octo',
  name: 'app',
  full_name: 'octo/app',
  clone_url_ssh: '',
  default_branch: 'main',
  visibility: 'private',
  private: true,
  trusted: { network: false, volumes: false, security: false },
  active: true,
};
const PIPELINE = {
  id: 12,
  author: 'ada',
  parent: 0,
  event: 'push',
  status: 'pending',
  commit: '2fff90f8d288a4640e90f05049fe30e61a14fd50',
  branch: 'main',
  ref: 'refs/heads/main',
  changed_files: ['README.md'],
};
