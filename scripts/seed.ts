import { openDevelopmentIssuer } from '../src/adapters/auth/development-issuer.ts';
import { OperatorError } from '../src/domain/errors.ts';
import { seed } from './seed/seed.ts';

/**
 * `npm run seed`: fills a running development service with registries of all kinds, leases and audit entries. You can
 * run it again at any time: it adds only what is missing.
 *
 * PURSER_URL is the address of the service, PURSER_DATA_DIR its data folder.
 */
const { PURSER_URL, PURSER_DATA_DIR } = process.env;
const TOKEN_SECONDS = 600;

try {
  const issuer = await openDevelopmentIssuer(PURSER_DATA_DIR || '.purser');
  const steps = await seed({
    url: (PURSER_URL || 'http://127.0.0.1:4000').replace(/\/$/, ''),
    tokenFor: (subject, projectIds, permissions) =>
      issuer.signToken({ subject, projectIds, permissions, ttlSeconds: TOKEN_SECONDS }),
    say: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(steps > 0 ? `${steps} steps done.\n` : 'There was nothing left to do.\n');
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
