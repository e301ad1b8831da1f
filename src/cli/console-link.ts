import { createSignInCodes } from '../adapters/auth/sign-in-codes.ts';
import { linkRefusal, signInLink } from '../composition/console.ts';
import { readConfig } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';
import { CONFIGURED, type Command } from './command.ts';
import { prepareDataDir } from './data-dir.ts';

export const consoleLink: Command = {
  summary: 'Prints a link that signs in to the console of a running service once, within a minute. For development.',
  usage: '',
  help: `${CONFIGURED}PURSER_DATA_DIR and PORT must be those of the service.\n`,
  options: {},

  async run(_options, env, { stdout }) {
    const config = readConfig(env);
    const refusal = linkRefusal(config);
    if (refusal !== undefined) throw new OperatorError(refusal);
    const { host, port, dataDir } = config;
    if (port === 0)
      throw new OperatorError('PORT is 0, which names no service: set it to the port of the one that runs.');
    await prepareDataDir(dataDir);
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    stdout.write(`${await signInLink(createSignInCodes(dataDir), url)}\n`);
    return 0;
  },
};
