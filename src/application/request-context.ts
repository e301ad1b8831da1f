import type { Principal } from '../domain/permissions.ts';

/** What the service knows of one request: it goes with every use case and into every event. */
export interface RequestContext {
  readonly principal: Principal;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
}
