import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { namesKurrentDb, parseStoreAddress, UnusableAddress } from '../../src/domain/event-store-url.ts';

const revealed = (url: string) => parseStoreAddress(url).connectionString.reveal();

describe('the URL of an event store', () => {
  it.each(['kurrentdb', 'kurrent', 'kdb', 'esdb'])('begins with %s://, with and without +discover', (scheme) => {
    expect(namesKurrentDb(`${scheme}://db`)).toBe(true);
    // The client warns of some of them on standard output.
    expect(revealed(`${scheme}://db?tls=false`)).toBe('kurrentdb://db:2113?tls=false&discoveryInterval=5');
    expect(revealed(`${scheme}+discover://cluster.example`)).toBe(
      'kurrentdb+discover://cluster.example:2113?discoveryInterval=5',
    );
  });

  it('names hosts, a login and options, and TLS is on unless it says otherwise', () => {
    const address = parseStoreAddress(
      'esdb://ada:p%40ss@one:2114,two?tlsCaFile=/etc/ca.crt&discoveryInterval=7&nodePreference=leader',
    );
    expect(address).toMatchObject({ tls: true, hosts: ['one:2114', 'two:2113'], login: { username: 'ada' } });
    expect(address.login?.password.reveal()).toBe('p@ss');
    expect(address.connectionString.reveal()).toBe(
      'kurrentdb://ada:p%40ss@one:2114,two:2113?tlsCaFile=/etc/ca.crt&discoveryInterval=7&nodePreference=leader',
    );
    expect(parseStoreAddress('kdb://db?tls=false')).toMatchObject({ tls: false, login: undefined });
  });

  it('shows its password nowhere', () => {
    const address = parseStoreAddress('kurrentdb://ada:hunter2@db');
    expect(inspect(address, { depth: 9 }) + JSON.stringify(address)).not.toContain('hunter2');
    const config = readConfig({ EVENT_STORE_URL: 'kurrentdb://ada:hunter2@db' });
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain('hunter2');
  });

  it.each([
    ['https://db', /must be a URL/],
    ['kurrentdb://', /must be a URL/],
    ['kurrentdb://ada:hunter2@', /must name hosts/],
    ['kurrentdb://ada:hunter2@db:x', /must name hosts/],
    ['kurrentdb://ada:hunter2@db/path', /must name hosts/],
    ['kurrentdb://ada@db', /user and the password/],
    ['kurrentdb://ada:hunter2:x@db', /user and the password/],
    ['kurrentdb://ada:hunter2@x@db', /user and the password/],
    ['kurrentdb://ada:hunter2%@db', /percent-encoded/],
    ['kurrentdb://ada:hunter2?x@db', /./],
    ['kurrentdb://ada:hunter2@db?tls=maybe', /tls that cannot be used/],
    ['kurrentdb://ada:hunter2@db?tls=true&TLS=false', /tls twice/],
    // Ignored by the client, which prints the whole URL.
    ['kurrentdb://ada:hunter2@db?tlss=false', /option that cannot be used/],
    ['kurrentdb://ada:hunter2@db?toString=1', /option that cannot be used/],
    // What would break the adapter.
    ['kurrentdb://ada:hunter2@db?throwOnAppendFailure=false', /option that cannot be used/],
    ['kurrentdb://ada:hunter2@db?gossipTimeout=1', /option that cannot be used/],
    ['kurrentdb://ada:hunter2@db?nodePreference=follower', /nodepreference that cannot be used/],
  ])('is refused as %s, by a sentence without the password', (url, sentence) => {
    const complaint = (() => {
      try {
        parseStoreAddress(url);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(complaint).toBeInstanceOf(UnusableAddress);
    expect(String(complaint)).toMatch(sentence);
    expect(inspect(complaint, { depth: 9 }).split('\n    at')[0]).not.toContain('hunter2');
  });
});

describe('EVENT_STORE_URL', () => {
  it.each([undefined, '', 'postgres', 'postgres://user@db/purser'])('%s: events are in the database', (url) => {
    const database = 'postgres://user@db/purser';
    expect(readConfig({ EVENT_STORE_URL: url, DATABASE_URL: database }).eventStore).toEqual({ kind: 'postgres' });
  });

  it('names a KurrentDB, with a prefix for the streams', () => {
    const store = { EVENT_STORE_URL: 'kdb://db?tls=false' };
    expect(readConfig(store).eventStore).toMatchObject({ kind: 'kurrentdb', prefix: 'purser' });
    expect(readConfig({ ...store, EVENT_STORE_PREFIX: 'team_2' }).eventStore).toMatchObject({ prefix: 'team_2' });
  });

  it.each(['postgres://user@other/purser', 'mysql://db'])('is refused as %s', (url) => {
    const database = 'postgres://user@db/purser';
    expect(() => readConfig({ EVENT_STORE_URL: url, DATABASE_URL: database })).toThrow(/^EVENT_STORE_URL must be/);
  });

  it.each(['Purser', 'a-b', 'a.b', '$all', '1a', 'a'.repeat(32)])('takes no prefix like %s', (prefix) => {
    expect(() => readConfig({ EVENT_STORE_PREFIX: prefix })).toThrow(/^EVENT_STORE_PREFIX must be/);
  });
});
