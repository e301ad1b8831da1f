import type { LeasePurpose } from '../../domain/credential.ts';
import { badUserInput } from '../../domain/errors.ts';
import { LEASE_TTL_SECONDS } from '../../domain/lease.ts';
import { isReadableName } from '../../domain/readable-name.ts';

/** The parameters of a URL, each at most once. */
export type Parameters = ReadonlyMap<string, string>;

/** @throws PurserError BAD_USER_INPUT on a parameter that is given twice, or is not among `known` */
export function parametersOf(url: string, known: readonly string[]): Parameters {
  const given = [...new URL(url, 'http://purser').searchParams];
  if (given.some(([name]) => !known.includes(name))) {
    throw badUserInput('url', `The URL may have only these parameters: ${known.join(', ')}.`);
  }
  const parameters = new Map(given);
  if (parameters.size < given.length) throw badUserInput('url', 'Give each parameter of the URL once.');
  return parameters;
}

/** @throws PurserError BAD_USER_INPUT */
export function projectIn(parameters: Parameters): string {
  const project = parameters.get('project');
  if (project !== undefined && isReadableName(project)) return project;
  throw badUserInput('project', 'Name the project in the URL, such as ?project=demo.');
}

/** @throws PurserError BAD_USER_INPUT */
export function purposeIn(parameters: Parameters): LeasePurpose {
  const purpose = parameters.get('purpose') ?? 'PULL';
  if (purpose === 'PULL' || purpose === 'PUSH') return purpose;
  throw badUserInput('purpose', 'purpose must be PULL or PUSH.');
}

/** @throws PurserError BAD_USER_INPUT */
export function ttlSecondsIn(parameters: Parameters, otherwise: number): number {
  const text = parameters.get('ttlSeconds');
  if (text === undefined) return otherwise;
  const { min, max } = LEASE_TTL_SECONDS;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= min && seconds <= max) return seconds;
  throw badUserInput('ttlSeconds', `ttlSeconds must be a whole number from ${min} to ${max}.`);
}
