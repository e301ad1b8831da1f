#!/usr/bin/env node
import { rebuild, rewrap } from './maintenance.ts';
import { isMeantForOperator } from './operator-errors.ts';
import { serve } from './serve.ts';
import { runTokenCommand } from './token.ts';

const USAGE = `usage: purser <command>
  serve     run the service (configured by environment variables)
  token     print a development token: --project P [--permission P …] [--subject S] [--ttl 1h]
  rebuild   build the read models again from the log, beside a service that goes on
  rewrap    bring all secrets under the primary master key, beside a service that goes on
`;

const COMMANDS: Readonly<Record<string, (argv: string[], env: NodeJS.ProcessEnv) => Promise<number>>> = {
  serve: (_argv, env) => serve(env),
  token: runTokenCommand,
  rebuild: (_argv, env) => rebuild(env),
  rewrap: (_argv, env) => rewrap(env),
};

const [name = '', ...argv] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) {
  try {
    process.exitCode = await command(argv, process.env);
  } catch (error) {
    if (!isMeantForOperator(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
