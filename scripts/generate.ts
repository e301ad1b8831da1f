import { readFile, writeFile } from 'node:fs/promises';
import { troubleshootingTable } from '../src/domain/diagnosis.ts';
import { buildPurserSchema, printPurserSchema } from '../src/graphql/schema.ts';
import { describeMigratedDatabase } from './database-schema.ts';

/**
 * `npm run -s generate`: writes the schemas and the README's troubleshooting table, which tests hold to the code. Run from
 * the project's folder.
 */
await writeFile('schema/database.txt', await describeMigratedDatabase());
await writeFile('schema/schema.graphql', printPurserSchema(await buildPurserSchema()));

const TABLE = /(?<=<!-- troubleshooting -->\n\n)[\s\S]*(?=\n<!-- \/troubleshooting -->)/;
const readme = await readFile('README.md', 'utf8');
if (!TABLE.test(readme)) throw new Error('README.md has no place for the troubleshooting table');
await writeFile('README.md', readme.replace(TABLE, troubleshootingTable));
