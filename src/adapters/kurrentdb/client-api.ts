import { OperatorError } from '../../domain/errors.ts';

/** What is used of `@kurrent/kurrentdb-client`, written here because the package may not be installed. */
export interface StorePosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface StoreEvent {
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  readonly revision: bigint;
  readonly created: Date;
  /** Parsed JSON. */
  readonly data: unknown;
  readonly metadata: unknown;
  /** Not told for the events of one stream. */
  readonly position?: StorePosition;
}

export interface ResolvedStoreEvent {
  readonly event?: StoreEvent;
}

export interface NewStoreEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: 'application/json';
  readonly data: unknown;
  readonly metadata: unknown;
}

export interface AppendAnswer {
  readonly nextExpectedRevision: bigint;
  /** Not told of every append that was there already. */
  readonly position?: StorePosition | undefined;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface StoreFilter {
  readonly filterOn: string;
}

export interface StoreSubscription extends AsyncIterable<ResolvedStoreEvent> {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  destroy(): unknown;
  unsubscribe(): Promise<void>;
}

export interface StoreClient {
  appendToStream(
    stream: string,
    events: readonly NewStoreEvent[],
    options: {
      readonly streamState: bigint | 'no_stream';
      readonly requiresLeader: boolean;
      readonly deadline: number;
      readonly credentials?: Login | undefined;
    },
  ): Promise<AppendAnswer>;
  readStream(
    stream: string,
    options: {
      readonly fromRevision: bigint | 'end';
      readonly direction: 'forwards' | 'backwards';
      readonly maxCount: number;
      readonly requiresLeader: boolean;
    },
  ): AsyncIterable<ResolvedStoreEvent>;
  readAll(options: {
    readonly fromPosition: StorePosition | 'start' | 'end';
    readonly direction: 'forwards' | 'backwards';
    readonly maxCount: number;
    readonly requiresLeader: boolean;
    readonly filter?: StoreFilter | undefined;
  }): AsyncIterable<ResolvedStoreEvent>;
  subscribeToAll(options: {
    readonly fromPosition: StorePosition | 'start';
    readonly filter: StoreFilter;
  }): StoreSubscription;
  getChannel(): Promise<{ close(): void }>;
  dispose(): Promise<void>;
}

export interface ClientLibrary {
  readonly KurrentDBClient: { connectionString(text: string): StoreClient };
  streamNameFilter(options: { readonly prefixes: readonly string[] }): StoreFilter;
}

const PACKAGE = '@kurrent/kurrentdb-client';

/**
 * Loads the client, and with it a native library that has a licence of its own: only for those who use it.
 * @throws OperatorError if it is not installed, or not for this machine
 */
export async function loadClientLibrary(name: string = PACKAGE): Promise<ClientLibrary> {
  const { DEBUG: debug } = process.env;
  // With it, the client would print the connection string with its password.
  delete process.env.DEBUG;
  try {
    const library: ClientLibrary = await import(name);
    return library;
  } catch (error) {
    throw new OperatorError(
      `EVENT_STORE_URL names a KurrentDB, whose client cannot be loaded: run \`npm install ${name}\` where Purser is installed, with its optional dependencies, or unset EVENT_STORE_URL to keep events in Postgres.`,
      { cause: error },
    );
  } finally {
    if (debug !== undefined) process.env.DEBUG = debug;
  }
}
