import { describe, expect, it } from 'vitest';
import { namesCluster, urlThrough, withAbsoluteFiles } from './store-url.ts';

describe('the URL of a store through a port of this machine', () => {
  it.each([
    ['kurrentdb://kurrentdb?tls=false', 'kurrentdb://127.0.0.1:9?tls=false&discoveryInterval=5'],
    ['kdb://db:2113?tls=false', 'kurrentdb://127.0.0.1:9?tls=false&discoveryInterval=5'],
    ['esdb://db:p%40ss@db?tls=false', 'kurrentdb://db:p%40ss@127.0.0.1:9?tls=false&discoveryInterval=5'],
    ['kdb://127.0.0.1:2?tls=false', 'kurrentdb://127.0.0.1:9?tls=false&discoveryInterval=5'],
    ['kdb://db', 'kurrentdb://127.0.0.1:9?discoveryInterval=5&tlsVerifyCert=false'],
    ['kdb+discover://db?tls=false', 'kurrentdb://127.0.0.1:9?tls=false&discoveryInterval=5'],
    ['kdb://a:b@one,two?tls=false', 'kurrentdb://a:b@127.0.0.1:9?tls=false&discoveryInterval=5'],
    [
      'kdb://db?TLSVERIFYCERT=true&tlsCaFile=/ca',
      'kurrentdb://127.0.0.1:9?tlsCaFile=/ca&discoveryInterval=5&tlsVerifyCert=false',
    ],
  ])('replaces nothing of %s but the host', (url, through) => {
    expect(urlThrough(url, 9)).toBe(through);
  });
});

describe('the URL of a store', () => {
  it.each([
    ['kdb://one?tls=false', false],
    ['kdb://ada:+discover@one', false],
    ['kdb://one,two?tls=false', true],
    ['esdb+discover://name', true],
  ])('%s names a cluster: %s', (url, isCluster) => {
    expect(namesCluster(url)).toBe(isCluster);
  });
});

describe('the URL of a store for a process in another folder', () => {
  it.each([
    ['kdb://db?tlsCaFile=ca.crt&UserKeyFile=../key', 'kdb://db?tlsCaFile=/at/ca.crt&UserKeyFile=/key'],
    ['kdb://db?tlsCaFile=/etc/ca.crt&tls=true', 'kdb://db?tlsCaFile=/etc/ca.crt&tls=true'],
    ['kdb://db', 'kdb://db'],
  ])('names the files of %s from the root', (url, absolute) => {
    expect(withAbsoluteFiles(url, '/at')).toBe(absolute);
  });
});
