import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { eventVariables } from '../../../src/graphql/pipeline/event-variables.ts';

const VARIABLES = { projectId: 'demo', after: 'a cursor' };

function ofEvents(query: string): object {
  const document = parse(query);
  return eventVariables(document, document.definitions[0] as OperationDefinitionNode, VARIABLES);
}

describe("the variables that an event's answer can depend on", () => {
  it('are all but the place where the subscription begins', () => {
    const query =
      'subscription ($projectId: ID!, $after: String) { n: rotationNotices(projectId: $projectId, after: $after) { kind } }';
    expect(ofEvents(query)).toEqual({ projectId: 'demo' });
  });

  it.each([
    'subscription ($projectId: ID!) { rotationNotices(projectId: $projectId, after: "x") { kind } }',
    'subscription ($after: ID!) { rotationNotices(projectId: $after, after: $after) { kind } }',
    'subscription ($after: String) { registryChanges(projectId: "demo", after: $after) { registry { history(after: $after) { nodes { code } } } } }',
    'subscription ($after: String) { registryChanges(projectId: "demo", after: $after) { ...F } } fragment F on RegistryChange { registry { history(after: $after) { nodes { code } } } }',
    'subscription ($after: String) { ...F } fragment F on Subscription { registryChanges(projectId: "demo", after: $after) { kind } }',
  ])('are all in %s', (query) => {
    expect(ofEvents(query)).toEqual(VARIABLES);
  });
});
