import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, isAuditAction, similarActions } from '../../src/domain/audit-actions.ts';
import { auditFacts } from '../../src/domain/audited-events.ts';
import { decodeEvent, type StoredEvent } from '../../src/domain/event-codec.ts';
import { initialRegistryState } from '../../src/domain/evolve-registry.ts';
import { actionsOf } from '../../src/graphql/pipeline/policy.ts';
import { buildPurserSchema } from '../../src/graphql/schema.ts';

const folder = new URL('./golden-events/', import.meta.url);
/** The actions of an example of every type of event. */
const ofEvents = readdirSync(folder).flatMap((name) => {
  const event = decodeEvent(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as StoredEvent);
  const facts = auditFacts(event, initialRegistryState);
  return facts ? [facts.action] : [];
});
/** These have no example of an event, and no root field of the schema. */
const OF_THE_LOG = ['REVOKE_LEASE', 'OTHER_ATTEMPTS', 'REFUSE_FORGED_EVENT', 'READ_REGISTRY_HISTORY'];

describe('the table of actions', () => {
  it('has exactly the actions that entries can have', async () => {
    const actions = new Set([...actionsOf(await buildPurserSchema()), ...ofEvents, ...OF_THE_LOG]);
    expect(Object.keys(AUDIT_ACTIONS).sort()).toEqual([...actions].sort());
  });

  it('has the types of events that could not be applied as actions, and nothing else', () => {
    expect(isAuditAction('RegistryCreated')).toBe(true);
    for (const action of ['CREATE_REGISTY', 'create_registry', '', 'toString', '__proto__']) {
      expect(isAuditAction(action)).toBe(false);
    }
  });

  it.each([
    ['CREATE_REGISTY', ['CREATE_REGISTRY']],
    ['rotate credential', ['ROTATE_CREDENTIAL']],
    ['DELETE', ['DELETE_REGISTRY']],
    ['LOGIN', []],
    ['', []],
  ])('is searched for what is similar to %j', (text, expected) => {
    expect(similarActions(text).slice(0, 1)).toEqual(expected);
    expect(similarActions(text).length).toBeLessThanOrEqual(5);
  });
});
