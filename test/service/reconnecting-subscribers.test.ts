import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { follow, TRANSPORTS } from '../support/follower.ts';
import { ask } from '../support/purser.ts';
import { createPurserHome, type PurserHome } from '../support/purser-process.ts';
import { rounds } from '../support/rounds.ts';
import { CREATE, NOTICES, ROTATE } from './operations.ts';

const FOLLOW = `subscription ($id: ID, $after: String) {
  rotationNotices(projectId: "demo", registryId: $id, after: $after) { cursor credentialVersion } }`;
const FOLLOWERS = 20;
const RECONNECTS_EACH = rounds({ usual: 6, torture: 50 });
const AGAIN_MS = 50;

let home: PurserHome;
let id: string;
/** Before the first notice. */
let beginning: string;
beforeAll(async () => {
  home = await createPurserHome();
  await home.start();
  const input = { url: 'reconnect.example', username: 'ada', password: canary('reconnect') };
  id = (await send(CREATE, { input })).data.createRegistry.registry.id;
  beginning = (await send(NOTICES, { registryId: id })).data.rotationNotices.latestCursor;
});
afterAll(() => home.remove());

const send = (query: string, variables: Record<string, unknown>) =>
  ask(home.url, query, variables, home.issuer.token());

/** Rotates until `isOver`, through kills of the service. @returns the last version */
async function rotateUntil(isOver: () => boolean): Promise<number> {
  for (;;) {
    try {
      const { data } = await send(ROTATE, { id, input: { password: canary('reconnect') } });
      if (isOver()) return data.rotateCredential.registry.credential.version;
    } catch {
      await delay(AGAIN_MS);
    }
  }
}

interface Seen {
  readonly versions: number[];
  reconnects: number;
}

interface Notice {
  readonly cursor: string;
  readonly credentialVersion: number;
}

/**
 * Follows by turns over WebSocket and event streams, cut after one to three notices, or when the service dies, up to the
 * version that is the last one.
 */
async function followInTurns(index: number, seen: Seen, isLast: (version: number) => boolean): Promise<void> {
  let cursor = beginning;
  for (let turn = index; !isLast(seen.versions.at(-1) ?? 0); turn += 1) {
    const wanted = 1 + (turn % 3);
    try {
      const transport = TRANSPORTS[turn % TRANSPORTS.length] ?? 'sse';
      const follower = await follow(transport, `${home.url}/graphql`, home.issuer.token(), {
        query: FOLLOW,
        variables: { id },
        cursor,
      });
      seen.reconnects += 1;
      let isOpen = true;
      void follower.closed.then(() => {
        isOpen = false;
      });
      const notices = (): Notice[] => follower.events().map((event) => JSON.parse(event).data.rotationNotices);
      // Which one is the last may turn out while nothing more comes.
      const isEnough = () =>
        notices().length >= wanted || isLast(notices().at(-1)?.credentialVersion ?? seen.versions.at(-1) ?? 0);
      while (isOpen && !isEnough()) await delay(2);
      follower.cut();
      // What came beyond that is not taken, as by a client that died.
      for (const notice of notices().slice(0, wanted)) {
        seen.versions.push(notice.credentialVersion);
        cursor = notice.cursor;
      }
    } catch {
      await delay(AGAIN_MS);
    }
  }
}

it(`${FOLLOWERS * RECONNECTS_EACH} reconnects by WebSocket and event stream lose no notice and get none twice, through a kill of the service`, async () => {
  const followers: Seen[] = Array.from({ length: FOLLOWERS }, () => ({ versions: [], reconnects: 0 }));
  const reconnects = () => followers.reduce((sum, one) => sum + one.reconnects, 0);
  const enough = FOLLOWERS * RECONNECTS_EACH;
  let last = Number.POSITIVE_INFINITY;
  const following = followers.map((seen, index) => followInTurns(index, seen, (version) => version >= last));
  let isKilled = false;
  const rotating = rotateUntil(() => isKilled && reconnects() >= enough);

  await expect.poll(reconnects, { timeout: 120_000 }).toBeGreaterThan(enough / 2);
  await home.kill('SIGKILL');
  await home.start();
  isKilled = true;
  last = await rotating;
  await Promise.all(following);
  const all = Array.from({ length: last - 1 }, (_, index) => index + 2);
  for (const { versions } of followers) expect(versions).toEqual(all);
}, 300_000);
