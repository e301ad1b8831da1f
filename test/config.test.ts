import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../src/config/config.ts';
import { unusableAddress } from '../src/config/unusable-address.ts';

describe('TRUST_PROXY', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['10.0.0.5', ['10.0.0.5']],
    [' 10.0.0.5, 10.1.0.0/16 ,2001:DB8::/32,', ['10.0.0.5', '10.1.0.0/16', '2001:db8::/32']],
    ['1', 1],
    ['10', 10],
  ])('reads %j', (value, trusted) => {
    expect(readConfig({ TRUST_PROXY: value }).trustedProxies).toEqual(trusted);
  });

  it.each([
    'true',
    '*',
    '0',
    '11',
    '-1',
    '1,2',
    'proxy.example.com',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/08',
    '2001:db8::/129',
    'fe80::1%eth0',
    '10.0.0',
    // It would trust every client.
    '0.0.0.0/0',
    '::/0',
  ])('refuses %j, naming the variable', (value) => {
    expect(() => readConfig({ TRUST_PROXY: value })).toThrow(ConfigurationError);
    expect(() => readConfig({ TRUST_PROXY: value })).toThrow(/^TRUST_PROXY must be the addresses/);
  });
});

describe.each([
  ['LEASE_RETENTION', 'leaseRetentionMs'],
  ['NOTICE_RETENTION', 'noticeRetentionMs'],
] as const)('%s', (variable, field) => {
  it.each([
    [undefined, 90 * 86_400_000],
    ['1d', 86_400_000],
    ['off', undefined],
  ])('reads %j', (value, milliseconds) => {
    expect(readConfig({ [variable]: value })[field]).toBe(milliseconds);
  });

  it.each(['0d', '12h', '90', '-1d', '100000d', 'never'])('refuses %j, naming the variable', (value) => {
    expect(() => readConfig({ [variable]: value })).toThrow(
      `${variable} must be a number of days such as 90d (the default), or off`,
    );
  });
});

describe('AUDIT_RETENTION', () => {
  it.each([
    [undefined, undefined],
    ['off', undefined],
    ['365d', 365 * 86_400_000],
  ])('reads %j', (value, milliseconds) => {
    expect(readConfig({ AUDIT_RETENTION: value }).auditRetentionMs).toBe(milliseconds);
  });

  it('refuses "1y", naming the variable', () => {
    expect(() => readConfig({ AUDIT_RETENTION: '1y' })).toThrow(
      'AUDIT_RETENTION must be a number of days such as 365d, or off (the default)',
    );
  });
});

describe('WORKLOAD_ISSUER_URL', () => {
  it.each(['https://purser.example.com', 'https://purser.example.com:8443/ids', 'http://127.0.0.1:4000'])(
    'takes %j',
    (url) => {
      expect(readConfig({ WORKLOAD_ISSUER_URL: url }).workloadIssuerUrl).toBe(url);
    },
  );

  it.each([
    'http://purser.example.com',
    'https://purser.example.com/',
    'https://purser.example.com/ids/',
    'https://Purser.example.com',
    'https://purser.example.com:443',
    'https://purser.example.com/../ids',
    'https://purser.example.com?x=1',
    'https://purser.example.com#x',
    'https://ada@purser.example.com',
    'purser.example.com',
    `https://purser.example.com/${'x'.repeat(255)}`,
  ])('refuses %j, which clouds would spell otherwise or not reach', (url) => {
    expect(() => readConfig({ WORKLOAD_ISSUER_URL: url })).toThrow(/^WORKLOAD_ISSUER_URL must be /);
  });
});

describe('HEALTH_CHECK_INTERVAL', () => {
  const PRODUCTION = { NODE_ENV: 'production', JWT_ISSUERS: '[]', MASTER_KEY_FILE: 'key' };

  it('is a day in production and no checks elsewhere, unless it is set or off', () => {
    expect(readConfig(PRODUCTION).healthCheckIntervalMs).toBe(86_400_000);
    expect(readConfig({}).healthCheckIntervalMs).toBeUndefined();
    expect(readConfig({ ...PRODUCTION, HEALTH_CHECK_INTERVAL: 'off' }).healthCheckIntervalMs).toBeUndefined();
    expect(readConfig({ ...PRODUCTION, HEALTH_CHECK_INTERVAL: '6h' }).healthCheckIntervalMs).toBe(6 * 3_600_000);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['5m', 300_000],
    ['6h', 21_600_000],
    ['1d', 86_400_000],
  ])('reads %j: without it nothing is checked', (value, milliseconds) => {
    expect(readConfig({ HEALTH_CHECK_INTERVAL: value }).healthCheckIntervalMs).toBe(milliseconds);
  });

  it.each(['4m', '0h', '6', '6 h', '-1d', '1.5h', '100000d', 'never'])('refuses %j, naming the variable', (value) => {
    expect(() => readConfig({ HEALTH_CHECK_INTERVAL: value })).toThrow(/^HEALTH_CHECK_INTERVAL must be/);
  });
});

it('reads hosts with or without their port, and origins', () => {
  const config = readConfig({
    PLAIN_HTTP_HOSTS: 'Reg.internal:5000, localhost,[::1]:5000',
    TRUSTED_REALMS: 'auth.example.com',
    CORS_ORIGINS: 'https://ci.example.com,http://localhost:3000',
  });
  expect([...config.plainHttpHosts]).toEqual(['reg.internal:5000', 'localhost', '[::1]:5000']);
  expect([...config.trustedRealms]).toEqual(['auth.example.com']);
  expect(config.corsOrigins).toEqual(['https://ci.example.com', 'http://localhost:3000']);
});

it.each([
  ['PLAIN_HTTP_HOSTS', 'http://reg.internal', /^PLAIN_HTTP_HOSTS must be hosts/],
  ['PLAIN_HTTP_HOSTS', '10.0.0.0/8', /^PLAIN_HTTP_HOSTS must be hosts/],
  ['TRUSTED_REALMS', 'https://auth.example.com/token', /^TRUSTED_REALMS must be hosts/],
  ['TRUSTED_REALMS', '*.example.com', /^TRUSTED_REALMS must be hosts/],
  ['CORS_ORIGINS', 'ci.example.com', /^CORS_ORIGINS must be origins/],
  ['CORS_ORIGINS', 'https://ci.example.com/', /^CORS_ORIGINS must be origins/],
  ['CORS_ORIGINS', '*', /^CORS_ORIGINS must be origins/],
  ['CONSOLE_REPORT_URL', 'http://reports.example/csp', /^CONSOLE_REPORT_URL must be an https URL/],
  ['CONSOLE_REPORT_URL', "https://reports.example/csp; script-src 'x'", /^CONSOLE_REPORT_URL must be an https URL/],
  ['CONSOLE_REPORT_URL', 'https://reports.example/,default-src', /^CONSOLE_REPORT_URL must be an https URL/],
  ['CONSOLE_REPORT_URL', 'https://ada@reports.example/', /^CONSOLE_REPORT_URL must be an https URL/],
  ['NODE_ENV', 'prod', /^NODE_ENV must be production or development/],
])('refuses what would never match: %s=%s', (name, value, message) => {
  expect(() => readConfig({ [name]: value })).toThrow(message);
});

it('names every variable at fault, and no value', () => {
  const read = () => readConfig({ PORT: '70000', TRUST_PROXY: 'hunter2', DATABASE_URL: 'mysql://hunter2' });
  for (const name of ['PORT', 'TRUST_PROXY', 'DATABASE_URL']) expect(read).toThrow(name);
  expect(read).not.toThrow('hunter2');
});

it('says which variable to set if the service cannot listen', () => {
  const address = { host: '127.0.0.1', port: 4000 };
  expect(unusableAddress('port in use', 'PORT', address, undefined).message).toMatch(
    /^PORT 4000 is in use on 127\.0\.0\.1/,
  );
  expect(unusableAddress('port not permitted', 'PORT', address, undefined).message).toMatch(
    /^This user may not open PORT 4000/,
  );
  expect(unusableAddress('no such host', 'PORT', address, undefined).message).toMatch(/^HOST /);
});

describe('READ_DATABASE_URL', () => {
  const DATABASE_URL = 'postgres://purser:pw@db.internal/purser';

  it('names a hot standby', () => {
    const READ_DATABASE_URL = 'postgres://purser:pw@db.internal:5433/purser';
    expect(readConfig({ DATABASE_URL, READ_DATABASE_URL }).readDatabaseUrl).toBe(READ_DATABASE_URL);
    expect(readConfig({ DATABASE_URL }).readDatabaseUrl).toBeUndefined();
  });

  it.each([
    ['mysql://replica/purser', /^READ_DATABASE_URL must be a URL such as postgres:/],
    ['postgres://purser:pw@db.internal:5432/purser', /^READ_DATABASE_URL names the server of DATABASE_URL/],
    ['postgres://reader@DB.internal/purser?sslmode=require', /^READ_DATABASE_URL names the server of DATABASE_URL/],
  ])('refuses %s, without quoting it', (READ_DATABASE_URL, message) => {
    expect(() => readConfig({ DATABASE_URL, READ_DATABASE_URL })).toThrow(message);
    expect(() => readConfig({ DATABASE_URL, READ_DATABASE_URL })).not.toThrow('pw@');
  });

  it('needs a database to be the standby of', () => {
    const read = () => readConfig({ READ_DATABASE_URL: 'postgres://replica/purser' });
    expect(read).toThrow('READ_DATABASE_URL has an effect with DATABASE_URL only: set DATABASE_URL as well.');
  });
});
