import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import type { Executor } from '../../graphql/pipeline/executor.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';
import { payloadOf } from './payload.ts';

/** What all subscribers of a group are sent for one event. */
export interface EventAnswer {
  /** As JSON. */
  readonly payload: string;
  /** Where to go on after this event; undefined if it is of no feed. */
  readonly cursor: string | undefined;
}

/** The answers to one subscription document with one set of variables, for all its subscribers, wherever they began. */
export interface AnswerGroup {
  /** The event's answer, computed and serialised once for the whole group. */
  answerTo(event: object, context: GraphqlContext): EventAnswer | Promise<EventAnswer>;
}

export interface SharedSubscription {
  /**
   * A hash of document, operation name and `eventVariables`. These name the project, so a caller joins only groups of projects
   * that the guard admitted it to. Answers do not depend on the caller.
   */
  readonly key: string;
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly cursorOf: (event: object) => string | undefined;
}

/** One for all connections of the process, whatever their protocol. */
export interface SharedExecution {
  join(subscription: SharedSubscription): AnswerGroup;
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

  function create({ key, operation, variables, cursorOf }: SharedSubscription): Membership {
    const answers = new WeakMap<object, EventAnswer | Promise<EventAnswer>>();
    const group: AnswerGroup = {
      answerTo(event, context) {
        const known = answers.get(event);
        if (known !== undefined) return known;
        const answer = executor.executeEvent(operation, event, context, variables).then((result) => {
          const answered = { payload: payloadOf(result), cursor: cursorOf(event) };
          // Stored in place of the promise, so that later subscribers need not wait.
          answers.set(event, answered);
          return answered;
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
    join(subscription) {
      const membership = byKey.get(subscription.key) ?? create(subscription);
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
