import { resolve } from 'node:path';
import * as z from 'zod';
import { isProjectId } from '../adapters/auth/claims.ts';
import { MAX_TOKEN_LENGTH } from '../adapters/auth/compact-jws.ts';
import { type DevelopmentToken, openDevelopmentIssuer } from '../adapters/auth/development-issuer.ts';
import { parseLifetime } from '../adapters/auth/token-lifetime.ts';
import { OperatorError } from '../domain/errors.ts';
import { PERMISSIONS } from '../domain/permissions.ts';
import { isReadableName } from '../domain/readable-name.ts';
import { type Command, type Environment, type Options, UsageError } from './command.ts';
import { prepareDataDir } from './data-dir.ts';

export const token: Command = {
  summary: 'Prints a token of the development issuer. The service need not run.',
  usage: '--project <id> [--permission <permission>] [--subject <name>] [--ttl 1h]',
  help: `
  --project     the project that the token is for; may be repeated
  --permission  what it grants there; may be repeated; all of these if it is left out:
${Object.values(PERMISSIONS)
  .map((permission) => `                  ${permission}\n`)
  .join('')}  --subject     whom it names (default: developer)
  --ttl         how long it is valid, such as 90s, 30m, 1h or 7d (default: 1h, at most 365d)

PURSER_DATA_DIR names the data folder whose issuer signs (default: .purser).
`,
  options: {
    project: { type: 'string', multiple: true },
    permission: { type: 'string', multiple: true },
    subject: { type: 'string', default: 'developer' },
    ttl: { type: 'string', default: '1h' },
  },

  async run(options, env, { stdout }) {
    refuseOutsideDevelopment(env);
    const wanted = readOptions(options);
    const dataDir = resolve(env.PURSER_DATA_DIR || '.purser');
    await prepareDataDir(dataDir);
    const signed = await (await openDevelopmentIssuer(dataDir)).signToken(wanted);
    if (signed.length > MAX_TOKEN_LENGTH) {
      throw new UsageError(`The token would have more than ${MAX_TOKEN_LENGTH} characters: name fewer projects.`);
    }
    stdout.write(`${signed}\n`);
    return 0;
  },
};

function refuseOutsideDevelopment(env: Environment): void {
  if (env.NODE_ENV === 'production') {
    throw new OperatorError(
      'There is no development issuer in production (NODE_ENV=production): ask your issuer for a token.',
    );
  }
  if (env.JWT_ISSUERS) {
    throw new OperatorError(
      'JWT_ISSUERS is set, so the service does not accept development tokens: ask one of these issuers, or unset it.',
    );
  }
}

const asked = z.object({
  project: z.array(z.string()).default([]),
  permission: z.array(z.string()).default([]),
  subject: z.string(),
  ttl: z.string(),
});

function readOptions(options: Options): DevelopmentToken {
  const { project, permission, subject, ttl } = asked.parse(options);
  if (project.length === 0) throw new UsageError(`Name the project that the token is for: purser token ${token.usage}`);
  if (!project.every(isProjectId) || !isReadableName(subject)) {
    throw new UsageError('A project or subject must have 1 to 255 visible characters.');
  }
  const known: readonly string[] = Object.values(PERMISSIONS);
  const unknown = permission.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no permission ${JSON.stringify(unknown)}. The permissions are:\n  ${known.join('\n  ')}`,
    );
  }
  const ttlSeconds = parseLifetime(ttl);
  if (ttlSeconds === undefined) {
    throw new UsageError(`--ttl ${JSON.stringify(ttl)} is not a lifetime: write 90s, 30m, 1h or 7d, at most 365d.`);
  }
  return { projectIds: project, permissions: permission.length > 0 ? permission : known, subject, ttlSeconds };
}
