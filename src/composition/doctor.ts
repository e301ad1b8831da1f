import type { Logger } from 'pino';
import { AnchorNotReadable, type AnchorPlace, readAnchor } from '../adapters/anchors/read-anchor.ts';
import { parseIssuers } from '../adapters/auth/issuers.ts';
import { createEgress } from '../adapters/egress/egress.ts';
import { createAuditHeads } from '../adapters/postgres/audit-heads.ts';
import { createDoctorQueries } from '../adapters/postgres/doctor/doctor-queries.ts';
import { readSchemaState } from '../adapters/postgres/doctor/schema-state.ts';
import { buildShadow, type ShadowReadModels } from '../adapters/postgres/doctor/shadow-read-models.ts';
import { createVaultInventory } from '../adapters/postgres/doctor/vault-inventory.ts';
import { examineDataFolder } from '../adapters/postgres/embedded/examine-folder.ts';
import { createAuditArchive } from '../adapters/postgres/read-models/audit-archive.ts';
import { readCheckpoint } from '../adapters/postgres/read-models/checkpoint.ts';
import { refuseOtherEventStore } from '../adapters/postgres/read-models/event-store.ts';
import { readLead } from '../adapters/postgres/read-models/leadership.ts';
import { recheckSecrets } from '../adapters/postgres/read-models/secret-presence.ts';
import { requireFit } from '../adapters/postgres/requirements.ts';
import { anchorProgress } from '../application/audit/anchor-progress.ts';
import { discardOrphanedSecrets } from '../application/credential/discard-orphaned-secrets.ts';
import { checkAnchors } from '../application/doctor/check-anchors.ts';
import { checkAuditRetention } from '../application/doctor/check-audit-retention.ts';
import { checkChains } from '../application/doctor/check-chains.ts';
import { checkDestroyedSecrets } from '../application/doctor/check-destroyed-secrets.ts';
import { checkPendingSecrets } from '../application/doctor/check-pending-secrets.ts';
import { checkSecrets } from '../application/doctor/check-secrets.ts';
import { checkStores } from '../application/doctor/check-stores.ts';
import { examinedLog } from '../application/doctor/examined-log.ts';
import { judgeAnchoring } from '../application/doctor/judge-anchoring.ts';
import {
  judgeDataFolder,
  judgeDeadLetters,
  judgeMigrations,
  judgeReadModels,
} from '../application/doctor/judge-database.ts';
import { judgeProjection } from '../application/doctor/judge-projection.ts';
import { endOfLog } from '../application/log/end-of-log.ts';
import { createProjectionLag } from '../application/log/projection-lag.ts';
import type { Position } from '../application/ports/event-log.ts';
import type { Config } from '../config/config.ts';
import { ed25519PublicKey, type SignedAuditHead } from '../domain/audit-head.ts';
import {
  CHECKS,
  type CheckName,
  type CheckResult,
  counted,
  type Finding,
  failed,
  notChecked,
  ok,
} from '../domain/doctor-report.ts';
import { EventLogUnavailable, OperatorError, PurserError } from '../domain/errors.ts';
import { configuredAnchors, namedAnchor } from './anchor-places.ts';
import { openAuditExport } from './audit-export.ts';
import { anchorKinds } from './audit-signing.ts';
import { egressOptionsOf } from './egress-options.ts';
import { nameOfStore } from './event-store.ts';
import { type ExaminedStores, openExaminedStores, type Unlocked } from './examined-stores.ts';
import { openLogBeginning } from './log-beginning.ts';
import type { Database } from './stores.ts';
import { configuredWebhooks } from './webhooks.ts';

export interface DoctorOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Does what is safe while the service runs: see docs/operations.md. */
  readonly repair: boolean;
  /** Files and URLs that hold anchored heads. */
  readonly anchors: readonly string[];
  /** The folder with archived events. Undefined: what they gave is taken from the state at the edge. */
  readonly archives: string | undefined;
  readonly onProgress: (text: string) => void;
}

type Results = AsyncGenerator<CheckResult, void, undefined>;
type Check = (check: CheckName, work: () => Promise<Finding>) => Promise<CheckResult>;

/** What is read of the configuration only when it is used. @throws OperatorError */
export function examineConfiguration(config: Config): Finding {
  const issuers = config.jwtIssuers === undefined ? 1 : parseIssuers(config.jwtIssuers).length;
  const webhooks = configuredWebhooks(config).length;
  createEgress(egressOptionsOf(config));
  return ok(`${counted(issuers, 'issuer')} and ${counted(webhooks, 'webhook')}`);
}

/**
 * Examines one thing after the other. Nothing but temporary tables is written, unless `repair` is set.
 * @throws if the database cannot be used at all
 */
export async function* examine(options: DoctorOptions, database: Database): Results {
  const { config, logger } = options;
  const stores = openExaminedStores(config, database, logger);
  const check = checker(logger);
  try {
    yield { check: 'database', ...(await examineDatabase(stores)) };
    yield await check('data folder', () => examineFolder(config));
    const migrations = await check('migrations', async () => judgeMigrations(await readSchemaState(stores.reads)));
    yield migrations;
    if (migrations.status === 'failed') return yield* notCheckedFrom('keys', 'migrations');
    const keys = await stores.openKeys();
    yield { check: 'keys', ...judgeKeys(keys.faults) };
    if ('unlocked' in keys) yield* examineStores(options, stores, keys.unlocked, check);
    else yield* notCheckedFrom('event log', 'keys');
  } finally {
    await stores.close();
  }
}

async function examineDatabase({ connect }: ExaminedStores): Promise<Finding> {
  const client = await connect();
  try {
    await requireFit(client);
    return ok('it answers, and can be written');
  } finally {
    await client.end();
  }
}

async function examineFolder({ databaseUrl, dataDir }: Config): Promise<Finding> {
  if (databaseUrl !== undefined) return ok('Postgres is elsewhere (DATABASE_URL)');
  const facts = await examineDataFolder(dataDir);
  if (facts === undefined) return failed(`${dataDir} has no database`, 'Set PURSER_DATA_DIR to that of the service.');
  return judgeDataFolder(dataDir, facts);
}

/** @throws OperatorError if the database is of another store */
async function examineStore({ eventStore }: Config, { connect }: ExaminedStores): Promise<Finding> {
  const client = await connect();
  try {
    await refuseOtherEventStore(client, nameOfStore(eventStore));
    return ok('the store that the database is of');
  } finally {
    await client.end();
  }
}

function judgeKeys(faults: readonly string[]): Finding {
  if (faults.length === 0) return ok('each key opens what is sealed under it');
  return failed(faults.join(' '), 'See "Keys" in docs/operations.md. Nothing is repaired without the right keys.');
}

async function* examineStores(
  options: DoctorOptions,
  stores: ExaminedStores,
  unlocked: Unlocked,
  check: Check,
): Results {
  const { config, onProgress } = options;
  const { log, reads, connect } = stores;
  const checkpoint = () => readCheckpoint(reads);
  let reached: { readonly position: Position; readonly end: Position } | undefined;
  const store = await check('event log', async () => {
    const finding = await examineStore(config, stores);
    // The checkpoint first: it moves after the log.
    reached = { position: await checkpoint(), end: await endOfLog(log) };
    return finding;
  });
  if (reached === undefined) {
    yield store;
    return yield* notCheckedFrom('vault and log', 'event log');
  }
  const { position, end } = reached;
  const queries = createDoctorQueries(reads);
  let shadow: ShadowReadModels | undefined;
  try {
    const inLog = await check('event log', async () => {
      const { authenticator } = unlocked;
      const { log: whole, begins } = await openLogBeginning(reads, log, authenticator, options.archives);
      const examined = examinedLog(whole, authenticator);
      const reading = (events: number) => onProgress(`${events} events read`);
      if (begins.state) await examined.readUpTo(begins.edge);
      shadow = await buildShadow({ connect, log: examined, authenticator, begins, onProgress: reading });
      return examined.finding(begins.state && begins.edge);
    });
    yield inLog;
    if (shadow === undefined) return yield* notCheckedFrom('vault and log', 'event log');
    const inventory = createVaultInventory(shadow.client);
    yield await check('vault and log', () => checkStores({ inventory, position, end }));
    yield await check('projection', async () => {
      const lagSeconds = await createProjectionLag({ log, progress: { refresh: checkpoint }, now: Date.now })();
      const { lead } = await readLead(reads);
      return judgeProjection({ lagSeconds, isLed: lead.leader !== null, parked: await queries.parked() });
    });
    yield* examineDerived(options, stores, unlocked, shadow, check, position > end);
    yield* examineSecrets(options, stores, unlocked, shadow, check);
    yield await check('webhooks', async () => judgeDeadLetters(await queries.deadLetters()));
  } finally {
    await shadow?.close();
  }
}

/** Of what follows from the events. A log that is older than it cannot be compared with it. */
async function* examineDerived(
  { config, anchors, onProgress }: DoctorOptions,
  { reads }: ExaminedStores,
  unlocked: Unlocked,
  { tables }: ShadowReadModels,
  check: Check,
  isLogOlder: boolean,
): Results {
  const queries = createDoctorQueries(reads);
  const { models, audit } = judgeReadModels(tables);
  yield { check: 'read models', ...(isLogOlder ? notChecked('vault and log') : models) };
  const keys = await createAuditHeads(reads).keys();
  const publicKeys = new Map(
    keys.map(({ keyId, publicKey }) => [keyId, ed25519PublicKey(Buffer.from(publicKey, 'base64'))]),
  );
  const exportLog = openAuditExport(reads);
  const archive = createAuditArchive(reads, unlocked.authenticator);
  let heads: Finding = notChecked('audit chains');
  yield await check('audit chains', async () => {
    const found = await checkChains({
      projects: queries.auditedProjects(),
      exportLog: (projectId) => exportLog({ projectId, from: null, to: null }, 'ndjson'),
      removedUpTo: archive.removedUpTo,
      publicKeys,
      onProgress: (entries) => onProgress(`${entries} audit entries recomputed`),
    });
    heads = found.heads;
    return found.chains.status === 'ok' && !isLogOlder && audit.status !== 'ok' ? audit : found.chains;
  });
  yield { check: 'signed heads', ...heads };
  yield await check('anchors', async () => {
    const compared = { publicKeys, hashesAt: queries.hashesAt, logsMovedSince: queries.logsMovedSince };
    if (anchors.length > 0) {
      const named = anchors.map((place) => namedAnchor(place, config));
      return checkAnchors({ heads: anchoredHeads(named, config), ...compared });
    }
    const places = configuredAnchors(config);
    const unread: string[] = [];
    const heads = anchoredHeads(places, config, (error) =>
      unread.push(`AUDIT_ANCHOR_URL answers no reads (${error.status})`),
    );
    const finding = await checkAnchors({ heads, ...compared });
    if (finding.status !== 'ok') return finding;
    return places.length > unread.length
      ? ok([finding.found, ...unread].join('; '))
      : ok([...unread, 'none to compare with: an older log and vault, restored together, is not found'].join('; '));
  });
  yield await check('anchoring', async () => {
    const deps = { heads: createAuditHeads(reads), authenticator: unlocked.authenticator };
    const found = await Promise.all(
      anchorKinds(config).map(async (kind) => ({ kind, ...(await anchorProgress(kind, deps)) })),
    );
    return judgeAnchoring(found, Date.now());
  });
  yield await check('audit retention', () =>
    checkAuditRetention({
      projects: queries.auditedProjects(),
      oldestUnarchived: archive.oldestUnarchived,
      auditRetentionMs: config.auditRetentionMs,
      now: Date.now(),
    }),
  );
}

/** `onNotReadable`: called for URLs that only take heads, which are passed over. Default: they are a fault. */
async function* anchoredHeads(
  places: readonly AnchorPlace[],
  config: Config,
  onNotReadable?: (error: AnchorNotReadable) => void,
): AsyncGenerator<SignedAuditHead> {
  const egress = createEgress(egressOptionsOf(config));
  for (const place of places) {
    try {
      yield* readAnchor(place, egress);
    } catch (error) {
      if (onNotReadable === undefined || !(error instanceof AnchorNotReadable)) throw error;
      onNotReadable(error);
    }
  }
}

async function* examineSecrets(
  { repair, logger, onProgress }: DoctorOptions,
  { reads }: ExaminedStores,
  { vault, aggregates, writer }: Unlocked,
  shadow: ShadowReadModels,
  check: Check,
): Results {
  const queries = createDoctorQueries(reads);
  yield await check('secrets', async () => {
    const finding = await checkSecrets({
      registries: shadow.registries(),
      vault,
      aggregates,
      note: repair ? queries.noteReadable : null,
      onProgress: (secrets) => onProgress(`${secrets} secrets opened`),
    });
    if (repair) await recheckSecrets(reads);
    return finding;
  });
  yield await check('pending secrets', () => {
    const onFault = (err: unknown) => logger.warn({ err }, 'a pending secret is left alone');
    const discard = discardOrphanedSecrets({ writer, aggregates, vault, onFault });
    return checkPendingSecrets({ vault, aggregates, discard: repair ? () => discard() : null });
  });
  const inventory = createVaultInventory(shadow.client);
  yield await check('destroyed secrets', () => checkDestroyedSecrets({ inventory, aggregates, vault, repair }));
}

/** One check that breaks off must not keep the others from their lines. */
function checker(logger: Logger): Check {
  return async (check, work) => {
    try {
      return { check, ...(await work()) };
    } catch (error) {
      if (error instanceof OperatorError || error instanceof PurserError) {
        const message = error instanceof EventLogUnavailable ? error.reason : error.message;
        return {
          check,
          ...failed(`it broke off: ${message.replace(/[.]$/, '')}`, 'Correct that, then run this again.'),
        };
      }
      logger.error({ check, err: error }, 'a check broke off');
      return { check, ...failed('it broke off', 'See the error in the log lines above.') };
    }
  };
}

async function* notCheckedFrom(first: CheckName, because: CheckName): Results {
  for (const check of CHECKS.slice(CHECKS.indexOf(first))) yield { check, ...notChecked(because) };
}
