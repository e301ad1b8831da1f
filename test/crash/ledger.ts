import { randomUUID } from 'node:crypto';
import { idempotencyId, registryId } from '../../src/domain/identity.ts';
import { CREATE, ISSUE, RELEASE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import type { GraphqlAnswer } from '../support/purser.ts';

export const PROJECTS = ['demo', 'other'] as const;
export const SUBJECT = 'alice';

export type Outcome =
  /** Sent, and nothing certain was heard: it may have happened. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'acknowledged'; readonly answer: GraphqlAnswer }
  /** Its lease is recorded, but the credential was replaced or the lease ended since, so that it is not given again. */
  | { readonly kind: 'withheld' }
  /** The service said that it did not happen. */
  | { readonly kind: 'refused'; readonly code: string };

/** A mutation as a careful client makes it: with a key, so that it can be sent again. */
export interface Mutation {
  readonly kind: 'create' | 'rotate' | 'issue' | 'release';
  readonly query: string;
  readonly variables: { readonly projectId: string; readonly [name: string]: unknown };
  readonly registry: RegistryRecord;
  /** Of the event that it makes; undefined for releases, which have no key. */
  readonly idempotencyId: string | undefined;
  /** What it stores. */
  readonly password: string | undefined;
  readonly leaseId: string | undefined;
  outcome: Outcome;
}

export interface RegistryRecord {
  readonly projectId: string;
  readonly url: string;
  readonly id: string;
  /** Whether its creation was acknowledged. */
  created: boolean;
}

/** Every mutation that was sent, with its answer: the service must match this after a crash. */
export interface Ledger {
  readonly mutations: readonly Mutation[];
  readonly registries: readonly RegistryRecord[];
  create(): Mutation;
  rotate(registry: RegistryRecord): Mutation;
  issue(registry: RegistryRecord): Mutation;
  release(leaseId: string, registry: RegistryRecord): Mutation;
  /** Issued leases that no client has begun to release. A client takes one from here. */
  takeLease(): { readonly leaseId: string; readonly registry: RegistryRecord } | undefined;
}

export function createLedger(issuer: string): Ledger {
  const mutations: Mutation[] = [];
  const registries: RegistryRecord[] = [];
  const taken = new Set<Mutation>();

  function add(
    kind: Mutation['kind'],
    registry: RegistryRecord,
    query: string,
    variables: Record<string, unknown>,
    { password, leaseId, keyed = true }: { password?: string; leaseId?: string; keyed?: boolean },
  ): Mutation {
    const { projectId } = registry;
    const idempotencyKey = randomUUID();
    const { input } = variables;
    const mutation: Mutation = {
      kind,
      query,
      variables: {
        projectId,
        ...variables,
        ...(keyed && typeof input === 'object' ? { input: { ...input, idempotencyKey } } : {}),
      },
      registry,
      idempotencyId: keyed ? idempotencyId({ projectId, issuer, subject: SUBJECT, idempotencyKey }) : undefined,
      password,
      leaseId,
      outcome: { kind: 'unknown' },
    };
    mutations.push(mutation);
    return mutation;
  }

  return {
    mutations,
    registries,
    create() {
      const projectId = PROJECTS[registries.length % PROJECTS.length] ?? PROJECTS[0];
      const url = `r${registries.length}.crash.example`;
      const registry = { projectId, url, id: registryId(projectId, url), created: false };
      registries.push(registry);
      const password = canary('created');
      return add('create', registry, CREATE, { input: { url, username: 'robot', password } }, { password });
    },
    rotate(registry) {
      const password = canary('rotated');
      return add('rotate', registry, ROTATE, { id: registry.id, input: { password } }, { password });
    },
    issue: (registry) =>
      add('issue', registry, ISSUE, { input: { image: `${registry.url}/app:1`, pipeline: 'build' } }, {}),
    release: (leaseId, registry) => add('release', registry, RELEASE, { leaseId }, { leaseId, keyed: false }),

    takeLease() {
      const free = mutations.find(
        (mutation) => mutation.kind === 'issue' && !taken.has(mutation) && leaseOf(mutation) !== undefined,
      );
      if (!free) return undefined;
      taken.add(free);
      return { leaseId: leaseOf(free) ?? '', registry: free.registry };
    },
  };
}

export function leaseOf({ kind, outcome }: Mutation): string | undefined {
  return kind === 'issue' && outcome.kind === 'acknowledged' ? outcome.answer.data.issueCredential.lease.id : undefined;
}

/** The version that an acknowledged creation or rotation stored its password as. */
export function versionOf({ kind, outcome }: Mutation): number | undefined {
  if (outcome.kind !== 'acknowledged') return undefined;
  const { data } = outcome.answer;
  if (kind === 'create') return data.createRegistry.registry.credential.version;
  if (kind === 'rotate') return data.rotateCredential.registry.credential.version;
  return undefined;
}

/** The highest version that was acknowledged, and its password. */
export function lastAcknowledged(ledger: Ledger, registry: RegistryRecord): { version: number; password: string } {
  let last = { version: 0, password: '' };
  for (const mutation of ledger.mutations) {
    const version = mutation.registry === registry ? (versionOf(mutation) ?? 0) : 0;
    if (version > last.version) last = { version, password: mutation.password ?? '' };
  }
  return last;
}

/** Passwords that were sent for this registry without anything certain being heard. */
export function unresolvedPasswords(ledger: Ledger, registry: RegistryRecord): ReadonlySet<string> {
  return new Set(
    ledger.mutations.flatMap(({ registry: own, outcome, password }) =>
      own === registry && outcome.kind === 'unknown' && password !== undefined ? [password] : [],
    ),
  );
}
