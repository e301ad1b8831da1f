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
    cause: 'Nothing answers at this address.',
    fix: "Check the host and port for typing errors. If they are right, the registry is down or slow, or a firewall blocks this service's network.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'UNKNOWN_AUTHORITY',
    cause: "The registry's certificate is signed by an authority that is not publicly known.",
    fix: "Enter the authority's certificate in `caCertificate`, as PEM, or have the registry send its intermediate certificates. If `caCertificate` is set already, it is for another authority.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'CERTIFICATE_EXPIRED',
    cause: "The registry's certificate has expired, or is not valid yet.",
    fix: "Have the registry's operator renew it.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'WRONG_HOST',
    cause: "The registry's certificate is for another host.",
    fix: 'Enter the host that the certificate names, or have the registry use one for this host.',
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'NOT_TLS',
    cause: 'That port does not serve HTTPS.',
    fix: 'Enter the port that serves HTTPS. If the registry has none, the operator of this service can allow plain http for it with PLAIN_HTTP_HOSTS.',
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'OWN_AUTHORITY_UNREADABLE',
    cause: 'The certificate in `caCertificate` cannot be read.',
    fix: 'Export it again as PEM: blocks from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`.',
  },
  {
    outcome: 'TLS_INVALID',
    cause: 'No secure connection could be made.',
    fix: "Have the registry's operator check its certificate and that it offers TLS 1.2 or 1.3.",
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
      'The address is on a private network. This service connects to private networks only if its operator allows it.',
    fix: 'If the registry is yours, have the operator of this service add its host or network to EGRESS_ALLOW.',
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    cause:
      'The registry sends logins to a token server on a host that is not known to belong to it. No credential was sent.',
    fix: 'Check the URL. If the token server is yours, have the operator of this service add its host to TRUSTED_REALMS. It must use https.',
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
