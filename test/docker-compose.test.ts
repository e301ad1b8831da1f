import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { readConfig, VARIABLES } from '../src/config/config.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../docker-compose.yml'), 'utf8');

const service = z.object({
  /** Null: as where Compose runs, and unset where it is unset there. */
  environment: z.record(z.string(), z.string().nullable()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  profiles: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(TEXT));

/** What the container gets, where Compose has these variables. */
function environmentOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const filled = (text: string) =>
    text.replace(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name: string, otherwise = '') => given[name] ?? otherwise);
  const all = Object.entries(services.purser?.environment ?? {});
  return Object.fromEntries(
    all.flatMap(([name, text]) => {
      const value = text === null ? given[name] : filled(text);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

const configured = (given: Readonly<Record<string, string>>) => readConfig(environmentOf(given));

describe('docker-compose.yml', () => {
  it('says which Compose it needs', () => {
    expect(TEXT).toMatch(/^#.*needs Docker Compose v2/im);
  });

  it('waits for what the service uses, and for nothing else', () => {
    expect(services.purser?.depends_on).toEqual({
      'master-key': { condition: 'service_completed_successfully' },
      postgres: { condition: 'service_healthy' },
    });
  });

  it('starts KurrentDB only by its profile', () => {
    const started = Object.entries(services).filter(([, { profiles }]) => profiles.length === 0);
    expect(started.map(([name]) => name).sort()).toEqual(['master-key', 'postgres', 'purser']);
    expect(services.kurrentdb?.profiles).toEqual(['kurrentdb']);
  });

  it('declares each volume that it mounts, and waits only for services that have a health check', () => {
    for (const [name, { volumes: mounts, depends_on }] of Object.entries(services)) {
      for (const mount of mounts) expect(volumes, name).toHaveProperty(mount.split(':')[0] ?? '');
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(services, name).toHaveProperty(other);
        if (condition === 'service_healthy') expect(services[other]?.healthcheck, other).toBeDefined();
      }
    }
  });

  it('passes on every variable of the service, but those that the image settles', () => {
    const passed = Object.keys(services.purser?.environment ?? {});
    expect(VARIABLES.filter((name) => !passed.includes(name))).toEqual(['PORT', 'HOST', 'PURSER_DATA_DIR']);
    const ofTelemetry = passed.filter((name) => services.purser?.environment[name] === null);
    expect(passed.filter((name) => !VARIABLES.includes(name))).toEqual(ofTelemetry);
    expect(ofTelemetry.filter((name) => !name.startsWith('OTEL_'))).toEqual([]);
  });

  it('gives the service a configuration that it accepts, and that it would have without it', () => {
    expect(configured({ POSTGRES_PASSWORD: 'abc123', JWT_ISSUERS: '[]' })).toEqual(
      readConfig({
        NODE_ENV: 'production',
        DATABASE_URL: 'postgres://purser:abc123@postgres:5432/purser',
        MASTER_KEY_FILE: '/etc/purser/master-key',
        JWT_ISSUERS: '[]',
      }),
    );
  });

  it.each(VARIABLES.filter((name) => services.purser?.environment[name]?.includes(`{${name}:`)))(
    'passes %s on under its own name',
    (name) => {
      expect(environmentOf({ [name]: 'a value' })[name]).toBe('a value');
    },
  );

  it('mounts the folder of the list of revoked tokens that it gives as an example', () => {
    const [, path] = /Such as (\S+), with the mount below/.exec(TEXT) ?? [];
    const [, mounted] = /^ +# - \.\/\S+:(\S+):ro$/m.exec(TEXT) ?? [];
    expect(path && dirname(path)).toBe(mounted);
  });
});
