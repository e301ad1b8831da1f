import { writeFile } from 'node:fs/promises';
import { buildPurserSchema, printPurserSchema } from './schema.ts';

/** `npm run -s schema`: run from the project's folder. */
await writeFile('schema/schema.graphql', printPurserSchema(await buildPurserSchema()));
