import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import type { Executor } from '../../graphql/pipeline/executor.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';
import { payloadOf } from './next-message.ts';

/** The answers to one subscription document with one set of variables, for all its subscribers. */
export interface AnswerGroup {
  /** The event's answer as JSON, computed and serialised once for the whole group. */
  answerTo(event: object, context: GraphqlContext): string | Promise<string>;
}

export interface SharedExecution {
  /**
   * `key` is a hash of document, operation name and variables. These name the project, so a caller joins only groups of
   * projects that the guard admitted it to. Answers do not depend on the caller.
   */
  join(key: string, operation: Operation, variables: Readonly<Record<string, unknown>>): AnswerGroup;
  /** Call it once for every `join`. */
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
          const text = payloadOf(result);
          // Stores the text in place of the promise, so that later subscribers need not wait.
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
