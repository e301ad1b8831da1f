import { CloudEvent, HTTP, ValidationError } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOfStatus } from '../../src/domain/webhook.ts';
import {
  CONTENT_TYPE,
  MAX_BODY_BYTES,
  NOTICE_KINDS,
  NOTICE_TYPES,
  type QueuedNotice,
  webhookBody,
} from '../../src/domain/webhook-event.ts';

const NOTICE: QueuedNotice = {
  eventId: '0b6a7f52-6c0c-4b0a-8f0a-0a3c6f0f9d11',
  kind: 'ROTATED',
  projectId: 'team/ä demo',
  registryId: '833ea142-322a-596a-bc23-a033626dd3c0',
  occurredAt: '2030-01-31T09:00:00.000Z',
  url: 'registry.example:5000',
  credentialVersion: 4,
  expiresAt: null,
  actor: 'alice',
  leasesOnOlderVersions: 2,
  message: 'alice rotated the credential of registry.example:5000 to version 4. 2 leases still hold an older version.',
};

/** As a receiver with the CloudEvents SDK reads it. */
function received(body: string): CloudEvent<unknown> {
  const event = HTTP.toEvent({ headers: { 'content-type': CONTENT_TYPE }, body });
  if (!(event instanceof CloudEvent)) throw new Error('the SDK gave something else');
  return event;
}

describe('the body of a delivery', () => {
  it('is a CloudEvents 1.0 event to the SDK of CloudEvents, with the notice as its data', () => {
    const event = received(webhookBody(NOTICE, 'cursor-1'));
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: '1.0',
      id: NOTICE.eventId,
      source: '/purser/projects/team%2F%C3%A4%20demo',
      type: 'dev.purser.credential.rotated',
      subject: NOTICE.registryId,
      time: NOTICE.occurredAt,
      datacontenttype: 'application/json',
    });
    const { eventId: _, ...notice } = NOTICE;
    expect(event.data).toEqual({ ...notice, cursor: 'cursor-1' });
  });

  it.each([{ type: '' }, { source: '' }, { Subject: 'x' }])(
    'would not pass there with %j: the SDK does look',
    (fault) => {
      const event = { ...JSON.parse(webhookBody(NOTICE, 'c')), ...fault };
      expect(() => received(JSON.stringify(event)).validate()).toThrow(ValidationError);
    },
  );

  it('has a type by reverse domain name for each kind of notice, and none twice', () => {
    const types = NOTICE_KINDS.map((kind) => NOTICE_TYPES[kind]);
    expect(new Set(types).size).toBe(types.length);
    for (const type of types) expect(type).toMatch(/^dev\.purser\.(?:credential|registry)\.[a-z-]+$/);
  });

  it('is the same for the same notice, and stays below what Standard Webhooks allows for the longest texts', () => {
    // A project and an actor have at most 255 characters, a host 253, and a message names actor and host at most once.
    const text = (maxLength: number) =>
      fc.string({ unit: 'grapheme-ascii', maxLength }).map((part) => part.padEnd(maxLength, '€'));
    fc.assert(
      fc.property(text(255), text(255), text(260), fc.constantFrom(...NOTICE_KINDS), (projectId, actor, url, kind) => {
        const message = `${actor} did something to ${url} ${'x'.repeat(200)}`;
        const notice = { ...NOTICE, projectId, actor, url, kind, message };
        const body = webhookBody(notice, 'x'.repeat(64));
        expect(webhookBody(notice, 'x'.repeat(64))).toBe(body);
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
        expect(received(body).data).toMatchObject({ projectId, actor, url, kind });
      }),
    );
  });
});

describe('the status of an answer', () => {
  it.each([
    [200, null],
    [204, null],
    [299, null],
    [301, 'REDIRECTED'],
    [308, 'REDIRECTED'],
    [400, 'REFUSED'],
    [404, 'REFUSED'],
    [410, 'GONE'],
    [429, 'THROTTLED'],
    [500, 'SERVER_ERROR'],
    [502, 'THROTTLED'],
    [503, 'SERVER_ERROR'],
    [504, 'THROTTLED'],
    [199, 'MALFORMED_ANSWER'],
    [600, 'MALFORMED_ANSWER'],
  ])('%i means %j', (status, fault) => {
    expect(faultOfStatus(status)).toBe(fault);
  });
});
