import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import type { Answer, Executor } from '../../graphql/pipeline/executor.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';

/** The answers to one subscription document with one set of variables, whoever asked. */
export interface AnswerGroup {
  /** The event's answer as JSON. Computed and serialised once for all of the group. */
  answerTo(event: object, context: GraphqlContext): string | Promise<string>;
}

export interface SharedExecution {
  /**
   * `key` tells document, operation name and variables. A project is named by them, so nobody joins a group whose
   * project they were not let into; the answers hold nothing that depends on who asks.
   */
  join(key: string, operation: Operation, variables: Readonly<Record<string, unknown>>): AnswerGroup;
  /** To be called once for every `join`. */
  leave(group: AnswerGroup): void;
}

interface Membership {
  readonly key: string;
  readonly group: AnswerGroup;
  members: number;
}

export function createSharedExecution(executor: Executor): SharedExecution {
  const byKey = new Map<string, Membership>();
  const byGroup = new Map<AnswerGroup, Membership>();

  function create(key: string, operation: Operation, variables: Readonly<Record<string, unknown>>): Membership {
    const answers = new WeakMap<object, string | Promise<string>>();
    const group: AnswerGroup = {
      answerTo(event, context) {
        const known = answers.get(event);
        if (known !== undefined) return known;
        const answer = executor.executeEvent(operation, event, context, variables).then((result) => {
          const text = serialised(result);
          // A text needs no waiting, so those who come later go on at once.
          answers.set(event, text);
          return text;
        });
        answers.set(event, answer);
        return answer;
      },
    };
    const membership = { key, group, members: 0 };
    byKey.set(key, membership);
    byGroup.set(group, membership);
    return membership;
  }

  return {
    join(key, operation, variables) {
      const membership = byKey.get(key) ?? create(key, operation, variables);
      membership.members += 1;
      return membership.group;
    },
    leave(group) {
      const membership = byGroup.get(group);
      if (membership === undefined) return;
      membership.members -= 1;
      if (membership.members > 0) return;
      byKey.delete(membership.key);
      byGroup.delete(group);
    },
  };
}

function serialised({ data, errors }: Answer): string {
  return JSON.stringify({
    ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
    ...(data === undefined ? {} : { data }),
  });
}
