import { randomUUID } from 'node:crypto';
import type { LeasePurpose } from '../../domain/credential.ts';
import { unavailable } from '../../domain/errors.ts';
import type { CredentialIssued } from '../../domain/events.ts';
import { leaseStream, registryId, registryStream, reissueStream } from '../../domain/identity.ts';
import { registryUrlOfImage } from '../../domain/image-reference.ts';
import {
  decideIssue,
  endingWithPassword,
  evolveLease,
  type IssueCredential,
  isActive,
  issuedAgain,
} from '../../domain/lease.ts';
import { existing, type LiveRegistry, type RegistryState } from '../../domain/registry.ts';
import { withReadable } from '../../domain/rotation.ts';
import type { EffectiveCredential } from '../credential/effective-credential.ts';
import { missingSecret } from '../credential/stored-secrets.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter, Written } from '../log/event-writer.ts';
import { type IdempotencyKeys, type IdempotentRequest, idempotentRequest } from '../log/idempotency.ts';
import type { ArchivedLeases } from '../ports/archived-leases.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import { type AdmitIssue, type AdmittedIssue, type AskedForm, noLongerAdmitted } from './admitted-issue.ts';
import type { LimitIssues } from './issue-limit.ts';
import { type IssuedCredential, issuedCredential, keyedLeaseFault, leaseReplaced } from './issued-credential.ts';
import type { OpenIssuedLogin } from './issued-login.ts';
import { type HeldLease, type LeaseSeries, lastLease, leasesOfKey, leasesOfRun } from './lease-series.ts';
import type { WithdrawLease } from './withdraw-lease.ts';

/** A credential that is replaced more often than this while it is being issued is under attack, not in normal use. */
const MAX_ATTEMPTS = 5;

export interface IssueCredentialCommand {
  readonly image: string;
  readonly purpose: LeasePurpose;
  readonly pipeline: string;
  readonly runId: string | null | undefined;
  /** Seconds, 60 to 86400. */
  readonly ttlSeconds: number;
  readonly form: AskedForm;
  readonly idempotencyKey: string | null | undefined;
}

export interface IssueCredentialDeps {
  readonly writer: EventWriter;
  readonly keys: IdempotencyKeys;
  readonly aggregates: AggregateStore;
  readonly archivedLeases: ArchivedLeases;
  readonly openLogin: OpenIssuedLogin;
  readonly withdrawLease: WithdrawLease;
  readonly limitIssues: LimitIssues;
  readonly admitIssue: AdmitIssue;
  /** The same mutex as for commands on registries. */
  readonly mutex: KeyedMutex;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly now: () => number;
}

interface Ask {
  /** Its context is that of the ask. */
  readonly admitted: AdmittedIssue;
  readonly context: RequestContext;
  readonly projectId: string;
  readonly registryId: string;
  readonly serverAddress: string;
  /** Undefined if only a registry was named. */
  readonly repository: string | undefined;
  readonly issue: Omit<IssueCredential, 'leaseId'>;
  readonly idempotent: IdempotentRequest | null;
}

/** A login that may be issued now, and the lease to issue it under. */
interface Decided {
  readonly registry: LiveRegistry;
  readonly login: EffectiveCredential;
  readonly under: { readonly started: CredentialIssued } | { readonly active: HeldLease };
}

/** Issues the login under a lease. Before the secret leaves, the lease is durable and its version is current. */
export function issueCredentialUseCase(deps: IssueCredentialDeps) {
  const { writer, keys, aggregates, openLogin, withdrawLease, limitIssues, admitIssue, mutex, plainHttpHosts, now } =
    deps;

  return async (
    caller: RequestContext,
    projectId: string,
    command: IssueCredentialCommand,
  ): Promise<IssuedCredential> => {
    limitIssues(caller.principal, projectId);
    const { url, serverAddress, repository } = registryUrlOfImage(command.image, { plainHttpHosts });
    const { image, purpose, ttlSeconds } = command;
    const id = registryId(projectId, url);
    const admitted = await admitIssue(caller, projectId, { ...command, registryId: id, repository });
    const { context, pipeline, runId, holder, form } = admitted;
    // A password needs no name: keys that were used before there were forms stay theirs.
    const asked = { ...command, form: form === 'PASSWORD' ? undefined : form };
    // A job is who its token says, and another job of the same subject must not have its lease.
    const named = context.principal.claims === undefined ? asked : { ...asked, pipeline, runId, holder };
    const idempotent = idempotentRequest(context, projectId, 'issueCredential', null, named);
    const issue = { image: image.trim(), pipeline, runId, purpose, form, ttlSeconds };
    const ask: Ask = { admitted, context, projectId, registryId: id, serverAddress, repository, issue, idempotent };
    let claimed = idempotent === null || (await keys.claimOf(idempotent)) !== undefined;
    const repeated = isKeyed(ask) && claimed && (await findRepeated(ask));
    if (repeated) return repeated;

    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      // Later attempts exclude changes of the registry, which could otherwise come in between again.
      const issued =
        attempt === 0
          ? await attemptOnce(ask, claimed)
          : await mutex.runExclusive({ key: registryStream(projectId, ask.registryId), projectId, context }, () =>
              attemptOnce(ask, claimed),
            );
      if (issued) return issued;
      claimed = true;
    }
    throw unavailable(`The credential of ${url} is being replaced. Try again.`);
  };

  /** Undefined if something came in between and the ask must be decided again. No secret has left then. */
  async function attemptOnce(ask: Ask, claimed: boolean): Promise<IssuedCredential | undefined> {
    const { context, projectId, idempotent } = ask;
    const at = now();
    const { registry, login, under } = await decideAndOpen(ask, claimed, at);
    const leaseId = 'active' in under ? under.active.lease.id : under.started.data.leaseId;
    const stream = leaseStream(projectId, leaseId);
    const metadata = callerMetadata(context, projectId, idempotent?.id);
    const revision = 'active' in under ? under.active.revision : 'no-stream';
    if (idempotent && !claimed) await keys.claim(idempotent, { stream, revision }, metadata);
    if ('active' in under) return issueAgain(ask, under.active, registry, login);

    let written: Written;
    try {
      written = await writer.write({ stream, expected: 'no-stream', events: [under.started], metadata, at });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      // An equal ask was quicker, so its lease is there now.
      return isKeyed(ask) ? findRepeated(ask) : attemptOnce(ask, true);
    }
    const lease = evolveLease(null, under.started, written);
    if (lease === null) throw new Error('an issued credential must leave a lease');
    const [{ state }, isInForce] = await Promise.all([
      aggregates.loadRegistry(projectId, ask.registryId),
      ask.admitted.isInForce(),
    ]);
    // A new lease gets the current version, never one that retires.
    if (isInForce && isSame(registry, state)) {
      return { ...issuedCredential(lease, login, registry, ask.serverAddress), isNewLease: true };
    }
    await withdrawLease(context, projectId, lease.id);
    if (!isInForce) throw noLongerAdmitted();
    return undefined;
  }

  /** Opens the secret before anything is recorded, to be sure that it exists. The secret leaves only afterwards. */
  async function decideAndOpen(ask: Ask, claimed: boolean, at: number): Promise<Decided> {
    const { projectId, registryId, issue } = ask;
    let { state } = await aggregates.loadRegistry(projectId, registryId);
    for (;;) {
      const { registry, leaseId, active } = await leaseFor(ask, existing(state), claimed, at);
      ask.admitted.requireUse(registry.access);
      const event = decideIssue(registry, { ...issue, leaseId }, at);
      const login = await openLogin(ask, registry, issue.ttlSeconds * 1000);
      if (login) {
        const under = active ? { active } : { started: endingWithPassword(event, login.expiresAt) };
        return { registry, login, under };
      }
      // A rotation in between destroys this secret and brings the one to issue instead.
      ({ state } = await aggregates.loadRegistry(projectId, registryId));
      if (isHeldAs(registry, state)) missingSecret(registry.url);
    }
  }

  /** The lease that the run holds, or the id of the one to begin, with the registry as its version has it. */
  async function leaseFor(
    ask: Ask,
    registry: LiveRegistry,
    claimed: boolean,
    at: number,
  ): Promise<{ readonly registry: LiveRegistry; readonly leaseId: string; readonly active?: HeldLease }> {
    const { projectId, issue, idempotent } = ask;
    const { runId } = issue;
    if (runId === null) {
      if (idempotent === null) return { registry, leaseId: randomUUID() };
      const series = leasesOfKey(idempotent);
      const last = claimed ? await lastLease(deps, projectId, series) : undefined;
      // Two leases under one key cannot be: the log refuses to begin one that was begun and not withdrawn.
      return { registry, leaseId: series(last ? last.index + Number(last.withdrawn) : 0) };
    }
    // During a grace the run keeps the version that it holds.
    const retiring = registry.retiring && withReadable(registry, registry.retiring.version, at);
    const kept = retiring && (await lastLease(deps, projectId, seriesOf(ask, retiring, runId)))?.held;
    if (retiring && kept && isActive(kept.lease, at))
      return { registry: retiring, leaseId: kept.lease.id, active: kept };
    const series = seriesOf(ask, registry, runId);
    const last = await lastLease(deps, projectId, series);
    const held = last?.held;
    if (held && isActive(held.lease, at)) return { registry, leaseId: held.lease.id, active: held };
    return { registry, leaseId: series(last ? last.index + 1 : 0) };
  }

  /**
   * The record of it is durable before the secret leaves. Undefined if the lease was released or the credential replaced
   * meanwhile, perhaps while a password was minted.
   */
  async function issueAgain(
    ask: Ask,
    active: HeldLease,
    registry: LiveRegistry,
    login: EffectiveCredential,
  ): Promise<IssuedCredential | undefined> {
    await recordAgain(ask, active);
    const { lease } = active;
    const [held, { state }, isInForce] = await Promise.all([
      aggregates.loadLease(ask.projectId, lease.id),
      aggregates.loadRegistry(ask.projectId, ask.registryId),
      ask.admitted.isInForce(),
    ]);
    if (!isInForce) throw noLongerAdmitted();
    if (!isHeldAs(registry, state) || held.state === null || held.state.releasedAt !== null) return undefined;
    return { ...issuedCredential(lease, login, registry, ask.serverAddress), isNewLease: false };
  }

  /**
   * The first repeat goes to the lease's stream, so that the log lets the lease be withdrawn or given out again, and never
   * both. Further ones go where they cannot conflict.
   */
  async function recordAgain(
    { context, projectId, idempotent, issue }: Ask,
    { lease, revision }: HeldLease,
  ): Promise<void> {
    const metadata = callerMetadata(context, projectId, idempotent?.id);
    const events = [issuedAgain(lease, issue.image)];
    if (revision === 0) {
      try {
        await writer.write({ stream: leaseStream(projectId, lease.id), expected: 0, events, metadata });
        return;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
      }
    }
    await writer.write({ stream: reissueStream(lease.id), expected: 'any', events, metadata });
  }

  /** Whether the leases of this version still have it. */
  function isHeldAs(registry: LiveRegistry, state: RegistryState): boolean {
    return state.phase === 'live' && isSame(registry, withReadable(state, registry.credential.version, now()));
  }

  /** Gives the same lease again while it lasts. Undefined if nobody has one under the key. */
  async function findRepeated(ask: KeyedAsk): Promise<IssuedCredential | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const last = await lastLease(deps, ask.projectId, leasesOfKey(ask.idempotent));
      if (!last || last.withdrawn) return undefined;
      if (last.held === undefined) throw keyedLeaseFault('has ended');
      const issued = await repeat(ask, last.held);
      if (issued) return issued;
    }
    throw leaseReplaced();
  }

  /** Undefined if something came in between and the ask must be decided again. */
  async function repeat(ask: KeyedAsk, last: HeldLease): Promise<IssuedCredential | undefined> {
    const { projectId, registryId } = ask;
    const { lease } = last;
    if (!isActive(lease, now())) throw keyedLeaseFault('has ended');
    const { state } = await aggregates.loadRegistry(projectId, registryId);
    const registry = state.phase === 'live' ? withReadable(state, lease.credentialVersion, now()) : null;
    if (registry === null) throw leaseReplaced();
    // What may be done with the credential can change without a new version.
    ask.admitted.requireUse(registry.access);
    decideIssue(registry, { ...ask.issue, leaseId: lease.id }, now());
    const left = Date.parse(lease.expiresAt) - now();
    const login = await openLogin(ask, registry, left);
    if (login) return issueAgain(ask, last, registry, login);
    // The secret was destroyed with its version, or its row is missing.
    const reloaded = await aggregates.loadRegistry(projectId, registryId);
    return isHeldAs(registry, reloaded.state) ? missingSecret(lease.url) : undefined;
  }
}

/** Whether nothing was changed of what the credential is and may be used for, and no lease was revoked. */
function isSame({ access, credential, revocations }: LiveRegistry, now: RegistryState | null): boolean {
  return (
    now?.phase === 'live' &&
    now.access === access &&
    now.revocations === revocations &&
    now.credential.secretId === credential.secretId &&
    now.credential.expiresAt === credential.expiresAt
  );
}

/** The leases of a run are of one version: after a rotation it gets a new one. */
function seriesOf(ask: Ask, { credential }: LiveRegistry, runId: string): LeaseSeries {
  const { projectId, registryId, context, admitted, issue } = ask;
  const { issuer } = context.principal;
  const { pipeline, purpose, form } = issue;
  const { version: credentialVersion } = credential;
  return leasesOfRun({
    projectId,
    registryId,
    credentialVersion,
    issuer,
    subject: admitted.holder,
    pipeline,
    runId,
    purpose,
    form,
  });
}

type KeyedAsk = Ask & { readonly idempotent: IdempotentRequest };

/** Whether the key decides which lease it is. If the ask names a run, the run decides. */
function isKeyed(ask: Ask): ask is KeyedAsk {
  return ask.idempotent !== null && ask.issue.runId === null;
}
