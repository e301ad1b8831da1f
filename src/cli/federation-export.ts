import { createWorkloadTokens } from '../adapters/vault/workload-tokens.ts';
import type { Config } from '../config/config.ts';
import { OperatorError } from '../domain/errors.ts';
import { federationSteps } from '../domain/federation-setup.ts';
import { registryId } from '../domain/identity.ts';
import { federatedAudience } from '../domain/mint-source.ts';
import { PROVIDERS } from '../domain/providers/table.ts';
import { DECLARABLE_PROVIDERS, resolveProvider } from '../domain/providers.ts';
import { parseRegistryUrl } from '../domain/registry-url.ts';
import { jwksUrl, workloadSubject } from '../domain/workload-token.ts';
import { CONFIGURED, type Command, type Options, type Output, UsageError } from './command.ts';
import { openToRead } from './open-to-read.ts';
import { withStores } from './with-stores.ts';

/** The options, by the settings of `mint` that they give. */
const SETTING_OPTIONS = {
  roleArn: 'role-arn',
  workloadIdentityProvider: 'workload-identity-provider',
  serviceAccountEmail: 'service-account',
  tenantId: 'tenant-id',
  clientId: 'client-id',
  robot: 'robot',
  providerName: 'provider-name',
} as const;

export const federationExport: Command = {
  summary: 'Prints what to set up at a cloud so that a registry needs no stored secret.',
  usage: '--project <id> --registry <url> [--provider QUAY|ARTIFACTORY] [settings of mint] [--json]',
  help: `
  --project    the project that the registry belongs to
  --registry   its URL; it need not be registered yet
  --provider   for Quay and Artifactory on your own hosts
  --role-arn, --workload-identity-provider, --service-account, --tenant-id, --client-id, --robot, --provider-name
               what you will enter in \`mint\`; what is left out stands as <name> in what is printed
  --json       prints issuer, subject, audience, keys and steps as JSON

It changes nothing, here or at the cloud. Nothing that it prints is secret.
${CONFIGURED}`,
  options: {
    project: { type: 'string' },
    registry: { type: 'string' },
    provider: { type: 'string' },
    ...Object.fromEntries(Object.values(SETTING_OPTIONS).map((option) => [option, { type: 'string' as const }])),
    json: { type: 'boolean', default: false },
  },
  run: (options, env, output) => {
    const project = required(options, 'project');
    const entered = required(options, 'registry');
    return withStores(env, openToRead, async ({ config, vault: { keyRing, records } }) => {
      const issuer = issuerOf(config);
      const exported = exportOf(options, project, entered, issuer, config);
      const tokens = createWorkloadTokens({ issuer, keyRing, store: records, now: Date.now });
      const jwks = { keys: await tokens.publicKeys() };
      if (options.json === true) output.stdout.write(`${JSON.stringify({ ...exported, jwks })}\n`);
      else tell(output, exported);
      return 0;
    });
  },
};

type Exported = ReturnType<typeof exportOf>;

function exportOf(options: Options, projectId: string, entered: string, issuer: string, { plainHttpHosts }: Config) {
  const { url } = parseRegistryUrl(entered, { plainHttpHosts });
  const declared = DECLARABLE_PROVIDERS.find((provider) => provider === options.provider);
  if (options.provider !== undefined && declared === undefined) {
    throw new UsageError(`There is no provider ${String(options.provider)}: for own hosts it is QUAY or ARTIFACTORY.`);
  }
  const [kind] = PROVIDERS[resolveProvider(url, declared)].mintKinds ?? [];
  const given = Object.entries(SETTING_OPTIONS).map(([setting, option]) => [setting, options[option] ?? null]);
  const settings = Object.fromEntries(given);
  const mint = { kind, federated: true, ...settings };
  const audience = kind && federatedAudience({ ...mint, kind }, url);
  if (kind === undefined || audience === undefined) {
    throw new OperatorError(
      `No cloud exchanges this service's tokens for passwords of ${url}: a secret must be stored.`,
    );
  }
  const subject = workloadSubject({ projectId, registryId: registryId(projectId, url) });
  const steps = federationSteps(kind, { issuer, subject, audience, url, settings });
  const entries = Object.entries(mint).filter(([, value]) => value !== null);
  const input = { url, ...(declared && { provider: declared }), mint: Object.fromEntries(entries) };
  return { issuer, jwksUri: jwksUrl(issuer), subject, audience, steps, input };
}

function tell({ stdout }: Output, { issuer, jwksUri, subject, audience, steps, input }: Exported): void {
  stdout.write(`issuer:   ${issuer}\nkeys:     ${jwksUri}\nsubject:  ${subject}\naudience: ${audience}\n`);
  for (const { what, text } of steps) stdout.write(`\n# ${what}\n${text}\n`);
  stdout.write(`\n# Then create the registry, as the input of createRegistry:\n${JSON.stringify(input, null, 2)}\n`);
}

function required(options: Options, name: string): string {
  const value = options[name];
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new UsageError(`--${name} is missing.\nusage: purser federation export ${federationExport.usage}`);
}

function issuerOf({ workloadIssuerUrl }: Config): string {
  if (workloadIssuerUrl !== undefined) return workloadIssuerUrl;
  throw new OperatorError('This service has no issuer: set WORKLOAD_ISSUER_URL, and start the service with it.');
}
