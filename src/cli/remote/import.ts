import { randomUUID, scryptSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { UsageError } from '../command.ts';
import { YES } from './credential-options.ts';
import { patiently, planImport, reasonOf, type Step } from './import-plan.ts';
import { type ImportedLogin, readImportSource } from './import-source.ts';
import { chosen, wholeNumber } from './option-values.ts';
import { confirm } from './prompt.ts';
import { ACCESS_OPTION } from './registries-add.ts';
import { PAYLOAD, payloadData } from './registry-change.ts';
import { type Call, remote } from './remote-command.ts';
import { EXIT } from './service.ts';
import { type Column, table } from './table.ts';
import { visibleText } from './visible-text.ts';

const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) ${PAYLOAD} }`;
const ROTATE = `mutation ($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) ${PAYLOAD} }`;

/** What was done with an entry of the file. */
type Outcome = Omit<Step, 'will'> & { readonly did: 'REGISTERED' | 'ROTATED' | 'SKIPPED' | 'REFUSED' | 'FAILED' };

const PLAN: readonly Column<Step>[] = [
  { title: 'REGISTRY', text: ({ registry }) => registry },
  { title: 'USER', text: ({ username }) => username },
  { title: 'WILL', text: ({ will }) => will },
  { title: 'WHY', text: ({ reason }) => reason },
];

export const importLogins = remote({
  summary: 'Registers the registries of a docker config.json or a Kubernetes Secret, once their logins were tried.',
  argument: [
    'file',
    'config.json, DOCKER_AUTH_CONFIG or a dockerconfigjson Secret as JSON or YAML; - is standard input',
  ],
  options: {
    'dry-run': { type: 'boolean', summary: 'tries the logins and shows what it would do, no more' },
    'rotate-existing': { type: 'boolean', summary: 'gives registries that are there already the password of the file' },
    'no-test': { type: 'boolean', summary: 'takes logins without trying them' },
    ...ACCESS_OPTION,
    'rotate-every-days': { type: 'string', value: '<days>', summary: 'of new ones, how often to rotate, 1 to 3650' },
    ...YES,
  },
  notes: `Run it again if it was interrupted: what was taken is not taken twice. The exit code is 1 if something of the file was not taken.`,
  async run(call) {
    const { options, answer, say, output } = call;
    const details = newRegistry(call);
    const source = readImportSource(await readSource(String(options.file)));
    const plan = await planImport(call, source);
    const changes = plan.filter(({ will }) => will === 'REGISTER' || will === 'ROTATE').length;
    if (options['dry-run'] === true) {
      answer(plan.map(shown), (columns) => table(PLAN, plan, columns));
      return exitCodeOf(plan.some(({ will }) => will === 'REFUSE'));
    }
    if (call.isForPeople) output.stdout.write(table(PLAN, plan, output.stdout.columns));
    if (changes > 0) await confirm(options.yes === true, `Take ${changes} of these ${plan.length}?`);
    const outcomes: Outcome[] = [];
    try {
      for (const step of plan) outcomes.push(await carriedOut(call, step, details));
    } catch (error) {
      if (outcomes.length > 0) say(`Stopped after ${summary(outcomes)}: run it again to go on.`);
      throw error;
    }
    const failed = outcomes.filter(({ did }) => did === 'FAILED');
    for (const { registry, reason } of call.isForPeople ? failed : []) say(visibleText(`${registry}: ${reason}`));
    answer(outcomes, () => `${summary(outcomes)}\n`);
    return exitCodeOf(outcomes.some(({ did }) => did === 'FAILED' || did === 'REFUSED'));
  },
});

function newRegistry({ options }: Call) {
  return {
    access: chosen(options, 'access', ACCESS_OPTION.access.choices),
    rotateEveryDays: wholeNumber(options, 'rotate-every-days', 1),
  };
}

async function readSource(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new UsageError('The file cannot be read.');
  }
}

async function carriedOut(call: Call, step: Step, details: ReturnType<typeof newRegistry>): Promise<Outcome> {
  const { registry, username, reason } = step;
  const told = { registry, username, reason };
  try {
    switch (step.will) {
      case 'SKIP':
        return { ...told, did: 'SKIPPED' };
      case 'REFUSE':
        return { ...told, did: 'REFUSED' };
      case 'REGISTER':
        await register(call, step.login, details);
        return { ...told, did: 'REGISTERED' };
      case 'ROTATE':
        return (await rotate(call, step))
          ? { ...told, did: 'ROTATED' }
          : { ...told, did: 'SKIPPED', reason: 'It got this password by an earlier import.' };
    }
  } catch (error) {
    return { ...told, did: 'FAILED', reason: reasonOf(error) };
  }
}

async function register(
  call: Call,
  { url, username, password }: ImportedLogin,
  details: Record<string, unknown>,
): Promise<void> {
  const verify = call.options['no-test'] !== true;
  const input = { ...details, url, username, password: password.reveal(), verify, idempotencyKey: randomUUID() };
  await patiently(call, () => call.service.ask(CREATE, { input }, z.object({ createRegistry: payloadData })));
}

/** @returns false if an earlier import did so, and nothing changed since */
async function rotate(call: Call, { login, existing }: Extract<Step, { will: 'ROTATE' }>): Promise<boolean> {
  const verify = call.options['no-test'] !== true;
  const rotateBy = async (idempotencyKey: string) => {
    const input = { username: login.username, password: login.password.reveal(), verify, idempotencyKey };
    const operation = () =>
      call.service.ask(ROTATE, { id: existing.id, input }, z.object({ rotateCredential: payloadData }));
    return (await patiently(call, operation)).rotateCredential.registry.credential.version;
  };
  const seen = existing.credential.version;
  const version = await rotateBy(contentKey(existing.id, verify, login));
  if (version === seen) return false;
  // An earlier import's answer: the password was replaced since.
  if (version < seen) await rotateBy(randomUUID());
  return true;
}

/**
 * The same for the same change, so that an import that was interrupted rotates nothing twice. It is made slowly: nobody who sees it
 * could try many passwords against it.
 */
function contentKey(id: string, verify: boolean, { username, password }: ImportedLogin): string {
  const salt = `purser import ${id} ${verify} ${username}`;
  return `import-${scryptSync(password.reveal(), salt, 18, { N: 32_768, r: 8, maxmem: 67_108_864 }).toString('base64url')}`;
}

/** Without the password. */
function shown({ registry, username, will, reason }: Step) {
  return { registry, username, will, reason };
}

function summary(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { did } of outcomes) counts.set(did, (counts.get(did) ?? 0) + 1);
  return [...counts].map(([did, count]) => `${count} ${did.toLowerCase()}`).join(', ');
}

function exitCodeOf(isIncomplete: boolean): number {
  return isIncomplete ? EXIT.refused : EXIT.done;
}
