import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import { decideLink, decideUnlink, MAX_LINKS } from '../../src/domain/pipeline-links.ts';
import { type Decision, existing, type RegistryState } from '../../src/domain/registry.ts';
import type { RegistryEvent } from '../../src/domain/registry-events.ts';
import { createdEvent } from '../support/recorded-events.ts';
import { ACTOR, AT, eventsOf } from './registry-specification.ts';

type Command = (state: RegistryState) => Decision;

const created = evolveRegistry(initialRegistryState, createdEvent('a', 1) as RegistryEvent, { at: AT, actor: ACTOR });

function folded(from: RegistryState, ...commands: Command[]): RegistryState {
  return commands.reduce(
    (state, command) =>
      eventsOf(command(state)).reduce((one, event) => evolveRegistry(one, event, { at: AT, actor: ACTOR }), state),
    from,
  );
}

const link =
  (pipeline: string, note: string | null = null): Command =>
  (state) =>
    decideLink(state, { pipeline, note });
const unlink =
  (pipeline: string): Command =>
  (state) =>
    decideUnlink(state, pipeline);
const dataOf = (command: Command, state: RegistryState) => eventsOf(command(state)).map(({ data }) => data);

describe('the links of a registry', () => {
  it('are made once, and a note is replaced', () => {
    const linked = folded(created, link('web', 'ask ada'));
    expect(existing(linked).links).toEqual([{ pipeline: 'web', note: 'ask ada' }]);
    expect(dataOf(link('web', 'ask ada'), linked)).toEqual([]);
    expect(dataOf(link('web'), linked)).toMatchObject([{ note: null, before: { note: 'ask ada' } }]);
    expect(existing(folded(linked, link('web'))).links).toEqual([{ pipeline: 'web', note: null }]);
    expect(dataOf(unlink('api'), linked)).toEqual([]);
    expect(existing(folded(linked, unlink('web'))).links).toEqual([]);
  });

  it('are at most 500, and one that is there can still be changed', () => {
    const full = folded(created, ...Array.from({ length: MAX_LINKS }, (_, index) => link(`pipeline ${index}`)));
    expect(() => link('one more')(full)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: { field: 'pipeline' } }),
    );
    expect(dataOf(link('pipeline 7', 'note'), full)).toHaveLength(1);
    expect(dataOf(link('one more'), folded(full, unlink('pipeline 7')))).toHaveLength(1);
  });

  it('are of a registry that exists', () => {
    for (const command of [link('web'), unlink('web')]) {
      expect(() => command(initialRegistryState)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    }
  });

  it('are what was linked last and not unlinked since, whatever the order', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.record({ name, note: fc.option(fc.constantFrom('x', 'y')), isLink: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const expected = new Map<string, string | null>();
        for (const one of steps) {
          if (one.isLink) expected.set(one.name, one.note);
          else expected.delete(one.name);
        }
        const commands = steps.map((one) => (one.isLink ? link(one.name, one.note) : unlink(one.name)));
        const { links } = existing(folded(created, ...commands));
        expect(new Map(links.map(({ pipeline, note }) => [pipeline, note]))).toEqual(expected);
        expect(links).toHaveLength(expected.size);
      }),
    );
  });
});
