import { fieldsOf, type MintField } from '../../components/mint-fields.ts';
import { shellWord } from '../registry/quoting.ts';
import type { EnteredRegistry } from './entered-registry.ts';

/** The options of `purser federation export`, by the settings of `mint` that they give. */
const OPTIONS: Partial<Record<MintField, string>> = {
  roleArn: 'role-arn',
  workloadIdentityProvider: 'workload-identity-provider',
  serviceAccountEmail: 'service-account',
  tenantId: 'tenant-id',
  clientId: 'client-id',
  robot: 'robot',
  providerName: 'provider-name',
};

/** What prints how the cloud is to trust this service, with all that was entered so far. */
export function federationCommand(projectId: string, entered: EnteredRegistry, provider: string | undefined): string {
  const { url, choice, mint } = entered;
  const options: [name: string, value: string][] = [
    ['project', projectId],
    ['registry', url.trim() || '<url>'],
  ];
  if (provider !== undefined) options.push(['provider', provider]);
  for (const field of fieldsOf(choice)) {
    const option = OPTIONS[field];
    const value = mint[field]?.trim() ?? '';
    if (option !== undefined && value !== '') options.push([option, value]);
  }
  return ['purser federation export', ...options.map(([name, value]) => `--${name} ${shellWord(value)}`)].join(
    ' \\\n  ',
  );
}
