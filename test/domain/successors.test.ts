import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolveRegistry, initialRegistryState, successorsOf } from '../../src/domain/evolve-registry.ts';
import { decideCreate, decideDelete, type RegistryState } from '../../src/domain/registry.ts';
import type { RegistryCreated, RegistryEvent } from '../../src/domain/registry-events.ts';
import { decideUpdate } from '../../src/domain/registry-update.ts';
import {
  decideAbandon,
  decideActivate,
  decideRequest,
  decideRetire,
  decideRotate,
  decideStage,
} from '../../src/domain/rotation.ts';
import {
  discardOverdue,
  isSettled,
  REQUEST_MS,
  REVOKED_WITHIN_MS,
  type RequestedSuccessor,
  revocationFailed,
  successorRevoked,
  successorsToRevoke,
  waitingSince,
} from '../../src/domain/successors.ts';
import { createdEvent, idOf } from '../support/recorded-events.ts';
import { ACTOR, AT, eventsOf, SEALED } from './registry-specification.ts';

const registryId = idOf('a');
const proposed = { kind: 'TOKEN', expiresAt: null, expirySource: null, warnings: [], mint: null } as const;
const { data: details } = createdEvent('a', 1) as RegistryCreated;
const later = (milliseconds: number) => new Date(Date.parse(AT) + milliseconds).toISOString();

function folded(events: readonly RegistryEvent[], from: RegistryState = initialRegistryState): RegistryState {
  return events.reduce((state, event) => evolveRegistry(state, event, { at: AT, actor: ACTOR }), from);
}
const created = folded([
  { type: 'RegistryCreated', data: { ...details, credential: { version: 1, ...proposed, ...SEALED } } },
]);
const staging = (label: string | null) => ({ username: undefined, credential: proposed, label });

/** What is done to one registry; `undefined` if it does not fit its state. */
const STEPS: Readonly<Record<string, (state: RegistryState, label: string) => readonly RegistryEvent[]>> = {
  request: (state, label) => eventsOf(decideRequest(state, 'robots', label)),
  'stage what was requested': (state) => {
    const open = successorsOf(state).find(({ version, endedAt }) => version === null && endedAt === null);
    return open ? eventsOf(decideStage(state, staging(open.label))) : [];
  },
  'stage what a person entered': (state) => eventsOf(decideStage(state, staging(null))),
  activate: (state) =>
    state.phase === 'live' && state.staged
      ? eventsOf(decideActivate(state, { version: state.staged.version, graceMinutes: 0 }, Date.parse(AT)))
      : [],
  'activate with a grace': (state) =>
    state.phase === 'live' && state.staged
      ? eventsOf(decideActivate(state, { version: state.staged.version, graceMinutes: 60 }, Date.parse(AT)))
      : [],
  retire: (state) =>
    state.phase === 'live' && state.retiring
      ? decideRetire(state, { version: state.retiring.version, activeLeases: 0, at: AT })
      : [],
  abandon: (state) =>
    state.phase === 'live' && state.staged ? eventsOf(decideAbandon(state, state.staged.version)) : [],
  rotate: (state) =>
    eventsOf(decideRotate(state, { username: undefined, credential: proposed, refusedWhileLeased: 0 })),
  'change the user name': (state, label) =>
    eventsOf(decideUpdate(state, { details: { username: `ada-${label}` }, credential: null, expiresAt: undefined })),
  delete: (state) => eventsOf(decideDelete(state, { force: true, activeLeases: 0 })),
  'create again': (state) => eventsOf(decideCreate(state, { ...details, credential: proposed })),
  'give up': (state) => discardOverdue(registryId, successorsOf(state), later(REQUEST_MS)),
  revoke: (state) => successorsToRevoke(successorsOf(state)).map((each) => successorRevoked(registryId, each)),
};

function attempt(state: RegistryState, step: string, label: string): readonly RegistryEvent[] {
  try {
    return STEPS[step]?.(state, label) ?? [];
  } catch (error) {
    expect(error).toMatchObject({ name: 'PurserError' });
    return [];
  }
}

function isInUse(state: RegistryState, { version }: RequestedSuccessor): boolean {
  if (state.phase !== 'live') return false;
  return [state.credential, state.staged, state.retiring].some((each) => each?.version === version);
}

describe('what an issuer was asked for', () => {
  it('is to be revoked exactly if no version uses it, whatever is done to the registry, and never comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 40 }), (steps) => {
        let state = created;
        const [requested, revoked, ended] = [new Set<string>(), new Set<string>(), new Set<string>()];
        steps.forEach((step, index) => {
          for (const event of attempt(state, step, `label-${index}`)) {
            if (event.type === 'SuccessorRequested') requested.add(event.data.label);
            if (event.type === 'SuccessorRevoked') revoked.add(event.data.label);
            state = folded([event], state);
          }
          const successors = successorsOf(state);
          for (const successor of successors) {
            const { label, version, endedAt } = successor;
            const isOpen = version === null && endedAt === null;
            expect(isInUse(state, successor)).toBe(endedAt === null && !isOpen);
            if (ended.has(label)) expect(endedAt).not.toBeNull();
            if (endedAt !== null) ended.add(label);
            expect(revoked).not.toContain(label);
          }
          expect(new Set([...successors.map(({ label }) => label), ...revoked])).toEqual(requested);
        });
      }),
    );
  });

  it('keeps in use what is sealed again with another user name', () => {
    const used = ['request', 'stage what was requested', 'activate', 'change the user name'].reduce(
      (state, step) => folded(attempt(state, step, 'robot'), state),
      created,
    );
    expect(successorsOf(used)).toMatchObject([{ label: 'robot', version: 3, endedAt: null }]);
  });

  it('cannot be staged once it is given up, or under another label', () => {
    const requested = folded(eventsOf(decideRequest(created, 'robots', 'robot')), created);
    const givenUp = folded(discardOverdue(registryId, successorsOf(requested), later(REQUEST_MS)), requested);
    const refused = expect.objectContaining({ code: 'UNAVAILABLE' });
    expect(() => decideStage(givenUp, staging('robot'))).toThrow(refused);
    expect(() => decideStage(requested, staging('other'))).toThrow(refused);
    expect(eventsOf(decideStage(requested, staging('robot')))).toMatchObject([{ data: { label: 'robot' } }]);
  });
});

describe('in time', () => {
  const requested = folded(eventsOf(decideRequest(created, 'robots', 'robot')), created);
  const open = successorsOf(requested);
  const ended: RequestedSuccessor = {
    issuer: 'robots',
    label: 'robot',
    requestedAt: AT,
    version: 2,
    endedAt: later(5_000),
    failedAt: null,
  };

  it('a request is given up after ten minutes, not before', () => {
    expect(discardOverdue(registryId, open, later(REQUEST_MS - 1))).toEqual([]);
    expect(discardOverdue(registryId, open, later(REQUEST_MS))).toEqual([
      { type: 'SuccessorDiscarded', data: { registryId, label: 'robot' } },
    ]);
  });

  it('what was never staged is looked for until it cannot come any more', () => {
    const unstaged = { ...ended, version: null };
    expect([isSettled(unstaged, later(REQUEST_MS - 1)), isSettled(unstaged, later(REQUEST_MS))]).toEqual([false, true]);
    expect(isSettled(ended, AT)).toBe(true);
  });

  it('a revocation is tried for three days from its first try, unless it is refused', () => {
    const late = later(5_000 + 2 * REVOKED_WITHIN_MS);
    const first = revocationFailed(registryId, ended, { isRefused: false, at: late });
    expect(first).toMatchObject([{ data: { reason: 'TRIED_AGAIN', issuer: 'robots', label: 'robot' } }]);
    const given = (milliseconds: number, isRefused = false) =>
      revocationFailed(registryId, { ...ended, failedAt: AT }, { isRefused, at: later(milliseconds) });
    expect(given(REVOKED_WITHIN_MS - 1)).toEqual([]);
    expect(given(REVOKED_WITHIN_MS)).toMatchObject([{ data: { reason: 'TRIED_TOO_LONG' } }]);
    expect(given(0, true)).toMatchObject([{ data: { reason: 'REFUSED', issuer: 'robots', label: 'robot' } }]);
  });

  it('somebody has to look after what is neither in use nor revoked', () => {
    expect(waitingSince([])).toBeNull();
    expect(waitingSince([{ ...ended, endedAt: null }])).toBeNull();
    expect(waitingSince([ended])).toBe(later(5_000));
    expect(waitingSince([ended, ...open])).toBe(AT);
  });
});
