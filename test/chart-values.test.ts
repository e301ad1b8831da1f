import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { VARIABLES } from '../src/config/config.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const CHART = 'integrations/kubernetes/chart';

const { properties } = z
  .object({
    properties: z.object({
      settings: z.object({ properties: z.record(z.string(), z.unknown()) }),
      secretSettings: z.object({
        properties: z.object({ names: z.object({ items: z.object({ enum: z.array(z.string()) }) }) }),
      }),
    }),
  })
  .parse(JSON.parse(read(`${CHART}/values.schema.json`)));
const plain = Object.keys(properties.settings.properties);
const secret = properties.secretSettings.properties.names.items.enum;
/** Variables that the chart sets itself, by other values. */
const given = [...read(`${CHART}/templates/deployment.yaml`).matchAll(/name: ([A-Z_]+)\b/g)].map(
  ([, name = '']) => name,
);
const isOfTelemetry = (name: string) => name.startsWith('OTEL_');

describe('the values of the Helm chart', () => {
  it('have one place for every variable of the service, and for no other', () => {
    const places = [...given, ...plain, ...secret];
    expect(places.filter((name, index) => places.indexOf(name) !== index)).toEqual([]);
    // The address is the pod's, and no folder is written to.
    const left = ['METRICS_HOST', 'PURSER_DATA_DIR'];
    expect(VARIABLES.filter((name) => !places.includes(name) && !isOfTelemetry(name)).sort()).toEqual(left);
    expect(places.filter((name) => !VARIABLES.includes(name) && !isOfTelemetry(name))).toEqual([]);
  });

  it('keep no variable that may hold a secret among the settings', () => {
    const holdSecrets = read('docs/configuration.md')
      .split('\n')
      .filter((row) => /\bsecrets?\b/.test(row.split('|')[3] ?? ''))
      .flatMap((row) => /^\| `(\w+)`/.exec(row)?.[1] ?? []);
    expect(holdSecrets).toContain('WEBHOOKS');
    expect(plain.filter((name) => holdSecrets.includes(name))).toEqual([]);
  });
});
