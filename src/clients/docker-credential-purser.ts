#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCredentialHelper } from './credential-helper.ts';

/** Put in by `bundle.mjs`, from package.json. */
declare const PURSER_VERSION: string;

const { stdout, stderr, exitCode } = await runCredentialHelper({
  args: process.argv.slice(2),
  readInput: () => text(process.stdin),
  environment: process.env,
  version: PURSER_VERSION,
});
if (stderr) process.stderr.write(stderr);
// Left at once, after the last byte: a connection that timed out would hold the process open for as long again.
process.stdout.write(stdout, () => process.exit(exitCode));
