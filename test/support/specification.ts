import { expect } from 'vitest';

/** The pure part of an aggregate: which events a command produces, and which state they lead to. */
export interface Decider<State, Event, Command> {
  readonly initialState: State;
  evolve(state: State, event: Event): State;
  /** @throws an error with a `code` if the command is refused */
  decide(state: State, command: Command): readonly Event[];
}

export interface Given<State, Event, Command> {
  readonly state: State;
  when(command: Command): When<State, Event>;
}

export interface When<State, Event> {
  /** Expects exactly these events, or none. @returns the resulting state */
  then(...events: readonly Event[]): State;
  thenRefused(code: string, field?: string): void;
}

/** `specification(decider).given(...events).when(command).then(...events)`, or `.thenRefused(code)`. */
export function specification<State, Event, Command>({
  initialState,
  evolve,
  decide,
}: Decider<State, Event, Command>): { given(...events: readonly Event[]): Given<State, Event, Command> } {
  const fold = (state: State, events: readonly Event[]) => events.reduce<State>(evolve, state);
  return {
    given(...history) {
      const state = fold(initialState, history);
      return {
        state,
        when: (command) => ({
          // biome-ignore lint/suspicious/noThenProperty: the word that such specifications use; nothing awaits it
          then(...expected) {
            const events = decide(state, command);
            expect(events).toEqual(expected);
            return fold(state, events);
          },
          thenRefused(code, field) {
            let refusal: unknown;
            try {
              decide(state, command);
            } catch (error) {
              refusal = error;
            }
            expect(refusal).toMatchObject({ code, ...(field === undefined ? {} : { details: { field } }) });
          },
        }),
      };
    },
  };
}
