import type { BackgroundWork } from '../background-work.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { SnapshotStore, StoredSnapshot } from '../ports/snapshot-store.ts';
import { FOLD_VERSION } from './fold-version.ts';

/** A state after an event of its stream. */
export interface Snapshot<State> {
  readonly revision: number;
  readonly eventId: string;
  readonly state: State;
}

/** Snapshots of this build's folds that Purser itself has made. */
export interface StreamSnapshots {
  /** The last one of an event with at most this revision. Undefined if none is known or can be used: then events are read. */
  latest<State>(stream: string, upTo: number): Promise<Snapshot<State> | undefined>;
  /** Keeps it, some time after the call. It may fail: then the next state that is folded is kept. */
  keep(stream: string, snapshot: Snapshot<unknown>): void;
  /** Takes one away that does not fit the log. */
  drop(stream: string, revision: number): Promise<void>;
}

/** For readers that must see all events, and for streams that stay short. */
export const NO_SNAPSHOTS: StreamSnapshots = {
  latest: async () => undefined,
  keep: () => undefined,
  drop: async () => undefined,
};

/** For the operator. */
class UnauthenticSnapshot extends Error {
  override readonly name = 'UnauthenticSnapshot';

  constructor({ stream, revision }: StoredSnapshot) {
    super(
      `the snapshot of revision ${revision} of the stream ${stream} was not made by Purser, or was changed since: it was removed, and the stream's events were read`,
    );
  }
}

export interface StreamSnapshotsDeps {
  readonly store: SnapshotStore;
  readonly authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>;
  readonly background: Pick<BackgroundWork, 'start'>;
  readonly onFault: (error: unknown) => void;
  /** Default: that of this build. */
  readonly foldVersion?: string;
}

/** Without its store a stream is read from its first event on, so no failure of the store is one of a request. */
export function createStreamSnapshots(deps: StreamSnapshotsDeps): StreamSnapshots {
  const { store, authenticator, background, onFault, foldVersion = FOLD_VERSION } = deps;

  async function find(stream: string, upTo: number): Promise<StoredSnapshot | undefined> {
    const found = await store.latest(stream, foldVersion, upTo);
    if (!found) return undefined;
    // What is asked for is authenticated, not what the row says that it is.
    const meant = { ...found, stream, foldVersion };
    if (found.revision <= upTo && authenticator.isAuthenticText(signed(meant), found.code)) return found;
    onFault(new UnauthenticSnapshot(meant));
    await store.remove(meant);
    return undefined;
  }

  return {
    async latest<State>(stream: string, upTo: number) {
      try {
        const found = await find(stream, upTo);
        // The version says that this build's fold made it, and the code that nobody has changed it.
        return found && { ...found, state: JSON.parse(found.state) as State };
      } catch (error) {
        onFault(error);
        return undefined;
      }
    },

    keep(stream, { revision, eventId, state }) {
      background.start(async () => {
        const snapshot = { stream, revision, eventId, foldVersion, state: JSON.stringify(state) };
        await store.save({ ...snapshot, code: authenticator.signText(signed(snapshot)) });
      });
    },

    drop: (stream, revision) => store.remove({ stream, revision }).catch(onFault),
  };
}

/** JSON keeps the parts apart. The stream's name holds the project. */
function signed({ stream, revision, eventId, foldVersion, state }: Omit<StoredSnapshot, 'code'>) {
  return { purpose: 'stream snapshot', text: JSON.stringify([stream, revision, eventId, foldVersion, state]) } as const;
}
