import type { Diagnosis } from '../providers/profile.ts';

export const CONNECTION_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'NOT_A_REGISTRY',
    detail: 'REDIRECTED',
    cause: 'The host sends clients to another address, where no credential was sent.',
    fix: 'Enter the host that your image references begin with.',
  },
  {
    outcome: 'NOT_A_REGISTRY',
    cause: 'The server at this address is not a container registry.',
    fix: 'Enter the host (and the port, if it needs one) that image references begin with. A web site often has a different host from its registry.',
  },
  {
    outcome: 'UNREACHABLE',
    detail: 'PROXY_UNREACHABLE',
    cause: 'The proxy that leads out of the network of this service cannot be reached, or is no proxy.',
    fix: 'Have the operator of this service check EGRESS_PROXY. The test says nothing about the registry.',
  },
  {
    outcome: 'UNREACHABLE',
    detail: 'PROXY_REFUSED',
    cause: 'The proxy that leads out of the network of this service refused the connection.',
    fix: 'Have the operator of this service check the login in EGRESS_PROXY, and whether the proxy lets connections to the addresses of this host through.',
  },
  {
    outcome: 'UNREACHABLE',
    cause: 'Nothing answers at this address.',
    fix: "Check the host and port for typing errors. If they are right, the registry is down or slow, or a firewall blocks this service's network.",
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    detail: 'PLAIN_HTTP',
    cause: 'The registry, or the server that makes its tokens, uses plain http, which this service does not allow.',
    fix: 'Have HTTPS set up there, or have the operator of this service add the host to PLAIN_HTTP_HOSTS.',
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    cause:
      'The address of the registry, or of the server that makes its tokens, is on a private network. This service connects to private networks only if its operator allows it.',
    fix: 'If it is yours, have the operator of this service add its host or network to EGRESS_ALLOW.',
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    detail: 'REALM_PLAIN_HTTP',
    cause:
      'The registry uses https but names a token server with plain http, as behind a proxy that ends TLS. No credential was sent.',
    fix: "Have the registry's operator set its public address to https (`external_url` in Harbor and GitLab, ROOT_URL in Gitea, the realm in the reference registry's `auth.token`), or have the proxy send `X-Forwarded-Proto: https`.",
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    detail: 'REALM_UNREADABLE',
    cause:
      'The address that the registry names for its token server is not one that can be used: it must be a complete URL with https, without a user name and not overlong. No credential was sent.',
    fix: "Have the registry's operator set the address of its token server, and check the URL that you entered.",
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    detail: 'REALM_ELSEWHERE',
    cause:
      'The registry sends logins to a token server on {realmHost}, which is not known to belong to it. No credential was sent.',
    fix: 'If {realmHost} is its token server and uses https, confirm it: enter that host in `authRealmHost`. The password will be sent there. The operator of this service can allow it for all registries with TRUSTED_REALMS. If you do not know it, check the URL.',
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    cause: 'The registry sends logins to a token server that must not be sent the credential. No credential was sent.',
    fix: 'Check the URL, and have the operator of the registry set the address of its token server.',
  },
  {
    outcome: 'RATE_LIMITED',
    detail: 'BLOCKED',
    cause:
      "The server refuses every request from this service's address with 403 and without a registry's error: it bans addresses for a while after failed logins, or a firewall stands in front of it. That says nothing against the credential.",
    fix: "Do not rotate for this. Wait an hour (GitLab's ban lasts that long by default), or have the registry's operator allow this service's address.",
  },
  {
    outcome: 'RATE_LIMITED',
    cause: 'The registry accepts no more requests from this service for now.',
    fix: 'Wait a few minutes before the next test.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'SERVER_ERROR',
    cause: 'The registry itself failed.',
    fix: "Try again later. If it keeps failing, ask the registry's operator. The test says nothing against the credential.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'UNKNOWN_SCHEME',
    cause: 'The host asks for a kind of login that container clients do not support.',
    fix: "Check the URL. A proxy or a single sign-on may stand in front of the registry; its operator must let the registry's own login through.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    cause:
      'The registry gave an answer that the protocol does not define, so the test says nothing about the credential.',
    fix: 'Check that the URL points to the registry itself and that the declared `provider` is right. A proxy may also be answering in its place.',
  },
];
