import type { EventLog } from '../../../src/application/ports/event-log.ts';
import type { Vault } from '../../../src/application/ports/vault.ts';
import { startReplica } from '../replica.ts';
import type { Order, Report } from './process.ts';
import { createRobotIssuer } from './robot-issuer.ts';

/** The use cases in a process of its own, which dies where it is told to. */
const environment = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
const { DATABASE_URL: connectionString = '', PROVIDER_URL = '' } = environment;
let passed: string[] = [];
let dieAt: string | undefined;

async function within<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
  pass(`before ${name}`);
  const result = await call();
  pass(`after ${name}`);
  return result;
}

/** The same step has a number if it comes again. */
function pass(step: string): void {
  const times = passed.filter((each) => each === step || each.startsWith(`${step} #`)).length;
  const point = times === 0 ? step : `${step} #${times + 1}`;
  passed.push(point);
  if (point === dieAt) process.kill(process.pid, 'SIGKILL');
}

const log = (real: EventLog): EventLog => ({
  ...real,
  append: (stream, ...rest) => within(`append ${stream.split('-')[0]}`, () => real.append(stream, ...rest)),
});
const vault = (real: Vault): Vault => ({
  ...real,
  seal: (...args) => within('seal', () => real.seal(...args)),
  settle: (...args) => within('settle', () => real.settle(...args)),
});
const replica = await startReplica({ connectionString, environment }, { log, vault });
const robots = createRobotIssuer(PROVIDER_URL);
const issuer: typeof robots = {
  ...robots,
  create: (...args) => within('create', () => robots.create(...args)),
  revoke: (...args) => within('revoke', () => robots.revoke(...args)),
  list: (...args) => within('list', () => robots.list(...args)),
};

process.on('message', async (order: Order) => {
  [passed, dieAt] = [[], order.dieAt];
  const done =
    'stage' in order
      ? replica.stageFrom(issuer, order.stage, order.key)
      : replica.revokeSuccessors(issuer, order.aheadMs);
  const fault = await done.then(
    () => null,
    (error: unknown) => String(error),
  );
  process.send?.({ passed, fault } satisfies Report);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ passed, fault: null } satisfies Report);
