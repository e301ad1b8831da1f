import type { Diagnosis } from '../providers/profile.ts';

export const CONNECTION_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'NOT_A_REGISTRY',
    detail: 'REDIRECTED',
    cause: 'The host sends clients to another address, where no credential was sent.',
    fix: 'Enter the registry where it really is: the host in the image references that you push.',
  },
  {
    outcome: 'NOT_A_REGISTRY',
    cause: 'What answers there is not a container registry.',
    fix: 'Enter the host, and the port where it needs one, that image references begin with; a web site often has another host than its registry.',
  },
  {
    outcome: 'UNREACHABLE',
    cause: 'Nothing answers there.',
    fix: "Check host and port for a typing error. If they are right, the registry is down or slow, or a firewall keeps this service's network out.",
  },
  {
    outcome: 'TLS_INVALID',
    detail: 'UNKNOWN_AUTHORITY',
    cause: "The registry's certificate is signed by an authority that is not publicly known.",
    fix: "Give the authority's certificate in `caCertificate`, as PEM; where one is given, it is another's. Or have the registry send its intermediate certificates.",
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
    cause: 'There is no HTTPS on that port.',
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
    cause:
      'The registry, or the server that makes its tokens, would have to be spoken to in plain http, which is not allowed.',
    fix: 'Have HTTPS set up there, or have the operator of this service add the host to PLAIN_HTTP_HOSTS.',
  },
  {
    outcome: 'TARGET_NOT_ALLOWED',
    cause: 'The address is on a private network, which this service does not reach unless it is told to.',
    fix: 'If the registry is yours, have the operator of this service add its host or network to EGRESS_ALLOW.',
  },
  {
    outcome: 'REALM_NOT_TRUSTED',
    cause:
      'The registry sends logins to a token server on a host that is not known to belong to it. No credential was sent.',
    fix: 'Check the URL. If the token server is yours, have the operator of this service add its host to TRUSTED_REALMS; it must be reached by https.',
  },
  {
    outcome: 'RATE_LIMITED',
    cause: 'The registry takes no more requests from here at present.',
    fix: 'Wait a few minutes before the next test.',
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'SERVER_ERROR',
    cause: 'The registry itself failed.',
    fix: "Try again later. If it stays so, ask the registry's operator: nothing is known against the credential.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    detail: 'UNKNOWN_SCHEME',
    cause: 'The host wants a kind of login that container clients do not know.',
    fix: "Check the URL: a proxy or a single sign-on may stand before the registry. Its operator must let the registry's own login through.",
  },
  {
    outcome: 'UNEXPECTED_ANSWER',
    cause:
      'The registry answered in a way that the protocol does not foresee, so nothing is known about the credential.',
    fix: 'Check that the URL is that of the registry itself, and which `provider` is declared for it. A proxy in between may also answer in its place.',
  },
];
