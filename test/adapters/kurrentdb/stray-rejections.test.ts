import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { expect, it, vi } from 'vitest';
import { reportStrayRejections } from '../../../src/adapters/kurrentdb/stray-rejections.ts';

/** What the process does with a rejection that nothing handles. */
function rejected(reason: unknown): void {
  process.listeners('unhandledRejection').at(-1)?.(reason, Promise.resolve());
}

/** As the client's own: thrown by its transport. */
function ofTheTransport(): unknown {
  const client = new GrpcClient('127.0.0.1:1', credentials.createInsecure());
  client.close();
  const same = (value: Buffer) => value;
  try {
    client.makeUnaryRequest('/none', same, same, Buffer.from(''), () => undefined);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Our own code, called by the transport. */
function ofOursWithinTheTransport(): unknown {
  const client = new GrpcClient('127.0.0.1:1', credentials.createInsecure());
  const same = (value: Buffer) => value;
  const ours = () => {
    throw new Error('ours');
  };
  try {
    client.makeUnaryRequest('/none', same, same, Buffer.from(''), { interceptors: [ours] }, () => undefined);
  } catch (error) {
    return error;
  } finally {
    client.close();
  }
  return undefined;
}

it('a rejection of the client is reported until the reports end, and never ends the process', () => {
  const report = vi.fn();
  const end = reportStrayRejections(report);
  const error = ofTheTransport();
  rejected(error);
  expect(report.mock.calls).toEqual([[error]]);
  expect(error).toMatchObject({ message: 'Channel has been shut down' });
  end();
  expect(() => rejected(error)).not.toThrow();
  expect(report).toHaveBeenCalledOnce();
});

it.each([
  ['an error of our own', new Error('ours')],
  ['an error of our own in what the client calls', ofOursWithinTheTransport()],
  ['what is no error', '@kurrent/kurrentdb-client'],
  ['nothing', undefined],
])('%s ends the process as before', (_, reason) => {
  const end = reportStrayRejections(() => undefined);
  expect(() => rejected(reason)).toThrow();
  end();
});

it('a process listens once, however many logs it opens', () => {
  const ends = Array.from({ length: 20 }, () => reportStrayRejections(() => undefined));
  const before = process.listenerCount('unhandledRejection');
  reportStrayRejections(() => undefined)();
  expect(process.listenerCount('unhandledRejection')).toBe(before);
  for (const end of ends) end();
});
