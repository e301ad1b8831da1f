import type { MintKindProfile } from './profile.ts';

const UUID = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const APPLICATION_ID = new RegExp(`^${UUID}$`, 'i');

const TENANT = new RegExp(`^(?:${UUID}|[a-z0-9][a-z0-9.-]{0,252}\\.[a-z]{2,63})$`, 'i');
/** By the end of the registry's host, as Microsoft's page on workload identity federation has them. */
const AUDIENCES: Readonly<Record<string, string>> = {
  us: 'api://AzureADTokenExchangeUSGov',
  cn: 'api://AzureADTokenExchangeChina',
};

export const azure: MintKindProfile = {
  description: 'Azure: from a service principal. The passwords last three hours.',
  takes: "a service principal's appId and secret",
  registries: '<name>.azurecr.io, .us and .cn',
  settings: {
    tenantId: {
      shape: TENANT,
      required: true,
      fault: 'tenantId is required for AZURE, and only there: the id or the domain of the tenant.',
    },
  },
  federated: {
    settings: {
      tenantId: {
        shape: TENANT,
        required: true,
        fault: 'tenantId is required for AZURE: the id or the domain of the tenant.',
      },
      clientId: {
        shape: APPLICATION_ID,
        required: true,
        fault: 'clientId is required for AZURE with federated: the id of the application or managed identity, a UUID.',
      },
    },
    audience: (_, url) => AUDIENCES[url.slice(url.lastIndexOf('.') + 1)] ?? 'api://AzureADTokenExchange',
  },
  narrows: false,
  usernameFault: (username) =>
    APPLICATION_ID.test(username)
      ? undefined
      : "To mint passwords for Azure, the user name is the service principal's application id, a UUID.",
};
