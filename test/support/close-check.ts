import { afterAll } from 'vitest';
import { closeTestDatabases } from './postgres.ts';
import { tellRefusals } from './refused-answers.ts';

// Registered before any hook of a test file, so it runs after them all.
afterAll(closeTestDatabases);
tellRefusals();
