#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCredentialHelper } from './credential-helper.ts';

/** Set by `bundle.mjs` from package.json. */
declare const PURSER_VERSION: string;

const { stdout, stderr, exitCode } = await runCredentialHelper({
  args: process.argv.slice(2),
  readInput: () => text(process.stdin),
  environment: process.env,
  version: PURSER_VERSION,
});
if (stderr) process.stderr.write(stderr);
// Exits right after the last byte: a connection that timed out would keep the process open as long again.
process.stdout.write(stdout, () => process.exit(exitCode));
