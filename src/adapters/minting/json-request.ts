import type { EgressRequest } from '../../application/ports/egress.ts';
import { MintingFailed } from '../../application/ports/password-minter.ts';
import type { MintingContext } from './minting-context.ts';

export interface JsonAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Undefined if the body is not a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** Resolves with an answer of any status. @throws EgressFailed */
export async function requestJson(session: MintingContext['session'], request: EgressRequest): Promise<JsonAnswer> {
  const headers = { accept: 'application/json', 'user-agent': 'purser', ...request.headers };
  const answer = await session.request({ ...request, headers });
  return { status: answer.status, headers: answer.headers, json: jsonObject(answer.body) };
}

/** @throws EgressFailed */
export function postForm(
  session: MintingContext['session'],
  url: string,
  fields: Readonly<Record<string, string>>,
): Promise<JsonAnswer> {
  return requestJson(session, {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
}

/** A required field of an answer. @throws MintingFailed if it is missing or empty */
export function textOf(json: JsonAnswer['json'], name: string): string {
  const value = json?.[name];
  if (typeof value !== 'string' || value === '') throw new MintingFailed('UNEXPECTED_ANSWER');
  return value;
}

function jsonObject(body: Buffer): JsonAnswer['json'] {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
