import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../src/config.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../docker-compose.yml'), 'utf8');

const service = z.object({
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  profiles: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(TEXT));

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

  it('gives the service a configuration that it accepts', () => {
    const given: Record<string, string> = { POSTGRES_PASSWORD: 'abc123', JWT_ISSUERS: '[]' };
    const filled = (text: string) =>
      text.replace(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name: string, otherwise = '') => given[name] ?? otherwise);
    const environment = Object.entries(services.purser?.environment ?? {}).map(([name, text]) => [name, filled(text)]);
    expect(readConfig(Object.fromEntries(environment))).toMatchObject({
      production: true,
      databaseUrl: 'postgres://purser:abc123@postgres:5432/purser',
      masterKeyFile: '/etc/purser/master-key',
    });
  });
});
