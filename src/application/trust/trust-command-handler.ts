import { notFound, PurserError } from '../../domain/errors.ts';
import { parseUuid, trustStream } from '../../domain/identity.ts';
import { isGranted } from '../../domain/permissions.ts';
import type { DecidedRule } from '../../domain/trust/decide-rules.ts';
import type { RuleAuthor } from '../../domain/trust/review-rule.ts';
import { warningsOf } from '../../domain/trust/risks.ts';
import { NO_RULES, type TrustRule, type TrustRuleEvent, type TrustRules } from '../../domain/trust/trust-rule.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import type { AggregateStore, Loaded } from '../log/aggregate-store.ts';
import { trustFold } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import type { IdempotencyKeys, IdempotentRequest, KeyClaim } from '../log/idempotency.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';
import { missingRegistry } from './rule-registries.ts';

/** Replicas may conflict a few times. More conflicts than this are a fault, not contention. */
const MAX_ATTEMPTS = 10;

export interface TrustCommandDeps {
  readonly writer: EventWriter;
  readonly keys: Pick<IdempotencyKeys, 'claimOf' | 'claim'>;
  readonly aggregates: AggregateStore;
  readonly mutex: KeyedMutex;
  /** Issuers of the operator's list whose tokens rules grant permissions to. */
  readonly ruleIssuers: ReadonlySet<string>;
}

export interface TrustCommand {
  readonly projectId: string;
  readonly ruleId: string;
  readonly idempotent: IdempotentRequest | null;
  /** What the rule is to name; each must exist. */
  readonly registryIds: readonly string[];
  decide(state: TrustRules, author: RuleAuthor): DecidedRule<TrustRuleEvent>;
}

export interface TrustOutcome {
  /** Undefined once it is deleted. */
  readonly rule: TrustRule | undefined;
  readonly warnings: readonly string[];
}

export type HandleTrustCommand = (context: RequestContext, command: TrustCommand) => Promise<TrustOutcome>;

/** The id in the spelling of events. @throws PurserError NOT_FOUND if the text is not an id */
export function ruleIdOf(entered: string): string {
  const id = parseUuid(entered);
  if (id === undefined) throw notFound('trust rule');
  return id;
}

export function ruleAuthor({ principal }: RequestContext, projectId: string, issuers: ReadonlySet<string>): RuleAuthor {
  return { issuers, holds: (permission) => isGranted(principal, projectId, permission) };
}

/** Every change of trust rules takes this way: load, fold, decide, append. */
export function createTrustCommandHandler(deps: TrustCommandDeps): HandleTrustCommand {
  const { writer, keys, aggregates, mutex, ruleIssuers } = deps;

  return (context, command) => {
    const { projectId } = command;
    return mutex.runExclusive({ key: trustStream(projectId), projectId, context }, async () => {
      const missing = await missingRegistry(aggregates, projectId, command.registryIds);
      if (missing !== null) throw missing;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const outcome = await attemptOnce(context, command);
        if (outcome) return outcome;
      }
      throw new PurserError('REVISION_CONFLICT', 'Others are changing these trust rules at the same time. Try again.');
    });
  };

  /** Undefined if another replica was quicker. */
  async function attemptOnce(context: RequestContext, command: TrustCommand): Promise<TrustOutcome | undefined> {
    const { projectId, ruleId, idempotent } = command;
    const stream = trustStream(projectId);
    // The state first: a request that claims its key only later cannot have changed it yet.
    const loaded = await aggregates.loadTrustRules(projectId);
    const claim = idempotent && (await keys.claimOf(idempotent));
    const repeated = idempotent && claim && (await outcomeOfKey(stream, ruleId, idempotent, claim));
    if (repeated) return repeated;

    const { event, warnings } = command.decide(loaded.state, ruleAuthor(context, projectId, ruleIssuers));
    if (event === null) return { rule: ruleIn(loaded.state, ruleId), warnings };
    const metadata = callerMetadata(context, projectId, idempotent?.id);
    try {
      if (idempotent && !claim) await keys.claim(idempotent, { stream, revision: loaded.revision }, metadata);
      await writer.write({ stream, expected: loaded.revision, events: [event], metadata });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      return undefined;
    }
    const { state } = await aggregates.loadTrustRules(projectId);
    return { rule: ruleIn(state, ruleId), warnings };
  }

  /** The rule as the first request with this key left it; undefined if that has appended nothing. */
  async function outcomeOfKey(
    stream: string,
    ruleId: string,
    { id }: IdempotentRequest,
    claim: KeyClaim,
  ): Promise<TrustOutcome | undefined> {
    let folded: Loaded<TrustRules> = { state: NO_RULES, revision: 'no-stream' };
    for await (const event of aggregates.events(stream)) {
      folded = { state: trustFold.evolve(folded.state, event), revision: event.revision };
      const isAfter = claim.revision === 'no-stream' || event.revision > claim.revision;
      if (!isAfter || event.metadata.idempotencyId !== id) continue;
      const rule = ruleIn(folded.state, ruleId);
      return { rule, warnings: rule === undefined ? [] : warningsOf(rule) };
    }
    return undefined;
  }
}

function ruleIn({ rules }: TrustRules, ruleId: string): TrustRule | undefined {
  return rules.find(({ id }) => id === ruleId);
}
