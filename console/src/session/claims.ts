import { isRecord } from '../api/errors.ts';

/** What of a token keeps its bearer out, although the service accepts it. */
export type ClaimFault =
  /** Neither `projects` nor `project` with `permissions`. */
  | 'missing'
  /** `projects` is there, and names no project. */
  | 'empty'
  /** One of them is there in another shape than is expected. */
  | 'shape'
  /** It cannot be read here. */
  | 'unknown';

/** Why a token grants nothing. It is only looked at: the service has verified it. */
export function claimFaultOf(token: string): ClaimFault {
  const claims = claimsOf(token);
  if (claims === undefined) return 'unknown';
  const { projects, project, permissions } = claims;
  if (projects === undefined && project === undefined) return 'missing';
  if (projects === undefined) return typeof project === 'string' && Array.isArray(permissions) ? 'empty' : 'shape';
  if (!isRecord(projects)) return 'shape';
  const lists = Object.values(projects);
  return lists.every(Array.isArray) ? 'empty' : 'shape';
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
