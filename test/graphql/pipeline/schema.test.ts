import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { buildPurserSchema, printPurserSchema } from '../../../src/graphql/schema.ts';

it('has its printed form in schema/schema.graphql; `npm run -s generate` updates it', async () => {
  const printed = printPurserSchema(await buildPurserSchema());
  expect(await readFile('schema/schema.graphql', 'utf8')).toBe(printed);
});

it('returns a secret in only one type', async () => {
  const schema = await buildPurserSchema();
  const outputs = Object.values(schema.getTypeMap()).filter((type) => 'getInterfaces' in type);
  const holders = outputs.filter((type) =>
    Object.keys(type.getFields()).some((name) => /password|secret|token$/i.test(name)),
  );
  // A preset's `password` is the sentence that says what to enter, and a rule's `allowPassword` is true or false.
  expect(holders.map(({ name }) => name).sort()).toEqual(['IssuedCredential', 'RegistryPreset', 'TrustRule']);
});
