import type { GraphqlContext } from './context.ts';
import type { Answer, Executor } from './executor.ts';
import type { Operation } from './operations.ts';

/** The answers to one subscription document with one set of variables, whoever asked. */
export interface AnswerGroup {
  /** The event's answer as JSON. Computed and serialised once for all of the group. */
  answerTo(event: object, context: GraphqlContext): string | Promise<string>;
  /** To be called once by everyone who joined. */
  leave(): void;
}

export interface SharedAnswers {
  /**
   * `key` tells document, operation name and variables. A project is named by them, so nobody joins a group whose
   * project they were not let into; the answers hold nothing that depends on who asks.
   */
  join(key: string, operation: Operation, variables: Readonly<Record<string, unknown>>): AnswerGroup;
}

interface Group {
  readonly answers: WeakMap<object, string | Promise<string>>;
  members: number;
}

export function createSharedAnswers(executor: Executor): SharedAnswers {
  const groups = new Map<string, Group>();
  return {
    join(key, operation, variables) {
      const group: Group = groups.get(key) ?? { answers: new WeakMap(), members: 0 };
      groups.set(key, group);
      group.members += 1;
      return {
        answerTo(event, context) {
          const known = group.answers.get(event);
          if (known !== undefined) return known;
          const answer = executor.executeEvent(operation, event, context, variables).then((result) => {
            const text = serialised(result);
            // A text needs no waiting, so those who come later go on at once.
            group.answers.set(event, text);
            return text;
          });
          group.answers.set(event, answer);
          return answer;
        },
        leave() {
          group.members -= 1;
          if (group.members === 0) groups.delete(key);
        },
      };
    },
  };
}

function serialised({ data, errors }: Answer): string {
  return JSON.stringify({
    ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
    ...(data === undefined ? {} : { data }),
  });
}
