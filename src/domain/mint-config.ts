import type { MintConfig, MintKind } from './credential.ts';
import { badUserInput } from './errors.ts';
import type { RegistryProvider } from './providers/table.ts';

/** Which registries a cloud's credential can mint passwords for. */
const PROVIDERS: Readonly<Record<MintKind, { provider: RegistryProvider; registries: string }>> = {
  AMAZON_ECR: { provider: 'AMAZON_ECR', registries: '<account>.dkr.ecr.<region>.amazonaws.com' },
  GOOGLE: { provider: 'GOOGLE', registries: 'gcr.io and <location>-docker.pkg.dev' },
  AZURE: { provider: 'AZURE', registries: '<name>.azurecr.io' },
  GITHUB_APP: { provider: 'GITHUB', registries: 'ghcr.io' },
};

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const TENANT = /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[a-z0-9][a-z0-9.-]{0,252}\.[a-z]{2,63})$/i;
const INSTALLATION = /^[1-9]\d{0,18}$/;

/** @throws PurserError BAD_USER_INPUT on `mint` */
export function checkMint(provider: RegistryProvider, { kind, roleArn, tenantId, installationId }: MintConfig): void {
  const fits = PROVIDERS[kind];
  if (fits.provider !== provider) throw badUserInput('mint', `${kind} mints passwords for ${fits.registries} only.`);
  if (roleArn !== null && (kind !== 'AMAZON_ECR' || !ROLE_ARN.test(roleArn))) {
    throw badUserInput('mint', 'roleArn is for AMAZON_ECR and looks like arn:aws:iam::123456789012:role/name.');
  }
  if (kind === 'AZURE' ? tenantId === null || !TENANT.test(tenantId) : tenantId !== null) {
    throw badUserInput('mint', 'tenantId is for AZURE, which needs it: the id or the domain of the tenant.');
  }
  if (kind === 'GITHUB_APP' ? installationId === null || !INSTALLATION.test(installationId) : installationId !== null) {
    throw badUserInput('mint', 'installationId is for GITHUB_APP, which needs it: the number of the installation.');
  }
}
