import { parseArgs } from 'node:util';
import { isProjectId } from '../adapters/auth/claims.ts';
import { MAX_TOKEN_LENGTH } from '../adapters/auth/compact-jws.ts';
import {
  DevelopmentIssuerError,
  type DevelopmentToken,
  openDevelopmentIssuer,
} from '../adapters/auth/development-issuer.ts';
import { parseLifetime } from '../adapters/auth/token-lifetime.ts';
import { PERMISSIONS } from '../domain/permissions.ts';
import { isReadableName } from '../domain/readable-name.ts';

const USAGE = 'purser token --project <id> [--permission <permission>] [--subject <name>] [--ttl 1h]';

/** What is wrong, as a sentence for whoever typed the command. */
class UsageError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;
interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Prints a token of the development issuer. Works before the service has ever been started.
 * @returns the process's exit code
 */
export async function runTokenCommand(
  argv: readonly string[],
  env: Environment,
  { stdout, stderr }: Output = process,
): Promise<number> {
  try {
    refuseOutsideDevelopment(env);
    const issuer = await openDevelopmentIssuer(env.PURSER_DATA_DIR || '.purser');
    const token = await issuer.signToken(parseArguments(argv));
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new UsageError(`The token would have more than ${MAX_TOKEN_LENGTH} characters: name fewer projects.`);
    }
    stdout.write(`${token}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof DevelopmentIssuerError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function refuseOutsideDevelopment(env: Environment): void {
  if (env.NODE_ENV === 'production') {
    throw new UsageError(
      'There is no development issuer in production (NODE_ENV=production): ask your issuer for a token.',
    );
  }
  if (env.JWT_ISSUERS) {
    throw new UsageError(
      'JWT_ISSUERS is set, so the service does not accept development tokens: ask one of these issuers, or unset it.',
    );
  }
}

function parseArguments(argv: readonly string[]): DevelopmentToken {
  const { project = [], permission = [], subject, ttl } = parseOptions(argv);
  if (project.length === 0) throw new UsageError(`Name the project that the token is for: ${USAGE}`);
  if (!project.every(isProjectId) || !isReadableName(subject)) {
    throw new UsageError('A project or subject must have 1 to 255 characters, all of them visible.');
  }
  const known: readonly string[] = Object.values(PERMISSIONS);
  const unknown = permission.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no permission ${JSON.stringify(unknown)}. There are:\n  ${known.join('\n  ')}`);
  }
  const ttlSeconds = parseLifetime(ttl);
  if (ttlSeconds === undefined) {
    throw new UsageError(`--ttl ${JSON.stringify(ttl)} is no lifetime: write 90s, 30m, 1h or 7d, at most 365d.`);
  }
  return { projectIds: project, permissions: permission.length > 0 ? permission : known, subject, ttlSeconds };
}

function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        project: { type: 'string', multiple: true },
        permission: { type: 'string', multiple: true },
        subject: { type: 'string', default: 'developer' },
        ttl: { type: 'string', default: '1h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : 'The arguments are wrong.'}\nUsage: ${USAGE}`);
  }
}
