import { writeFile } from 'node:fs/promises';
import { buildPurserSchema, printPurserSchema } from '../src/graphql/schema.ts';
import { describeMigratedDatabase } from './database-schema.ts';
import { DOCUMENTS } from './documents.ts';

/** `npm run -s generate`: writes schemas and documents that tests compare with the code. Run in the project folder. */
await writeFile('schema/database.txt', await describeMigratedDatabase());
await writeFile('schema/schema.graphql', printPurserSchema(await buildPurserSchema()));
for (const [path, text] of Object.entries(DOCUMENTS)) await writeFile(path, text);
