import type { Application } from '../../application/application.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Cursors } from '../paging/cursors.ts';

/** What resolvers work with; the same for all requests. */
export interface Services {
  readonly application: Application;
  readonly cursors: Cursors;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The context value of one GraphQL operation. */
export interface GraphqlContext {
  readonly services: Services;
  readonly request: RequestContext;
  /** Aborts when whoever asked is gone; it ends subscriptions. */
  readonly signal: AbortSignal;
}
