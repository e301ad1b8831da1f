interface TokenHosts {
  /** Matches the whole host of a registry. */
  readonly registry: RegExp;
  /** Hosts of the same owner that make its tokens. `$1` is the first group. */
  readonly tokenHosts: readonly string[];
}

/** Public registries without a provider of their own in the table, whose tokens another host makes. */
const TOKEN_HOSTS: readonly TokenHosts[] = [
  // Alibaba Cloud, Container Registry: personal and enterprise editions, in public and in private networks. The region
  // Zhangjiakou has a host of its own (https://www.alibabacloud.com/help/en/ack/, "Limit access to the internet").
  {
    registry: /^registry(?:-intl)?\.([a-z]{2}-[a-z0-9-]+)\.aliyuncs\.com$/,
    tokenHosts: ['dockerauth.$1.aliyuncs.com', 'dockerauth-$1.aliyuncs.com'],
  },
  {
    registry: /^registry(?:-intl)?-vpc\.([a-z]{2}-[a-z0-9-]+)\.aliyuncs\.com$/,
    tokenHosts: ['dockerauth-vpc.$1.aliyuncs.com'],
  },
  {
    registry: /^(?:[a-z0-9-]+-registry|crpi-[a-z0-9]+)\.([a-z]{2}-[a-z0-9-]+)\.(?:personal\.)?cr\.aliyuncs\.com$/,
    tokenHosts: ['dockerauth.$1.aliyuncs.com', 'dockerauth-ee.$1.aliyuncs.com', 'dockerauth-$1.aliyuncs.com'],
  },
  {
    registry: /^(?:[a-z0-9-]+-registry|crpi-[a-z0-9]+)-vpc\.([a-z]{2}-[a-z0-9-]+)\.(?:personal\.)?cr\.aliyuncs\.com$/,
    tokenHosts: ['dockerauth-vpc.$1.aliyuncs.com', 'dockerauth-ee-vpc.$1.aliyuncs.com'],
  },
  // Red Hat's single sign-on. The registries also make tokens on their own hosts.
  { registry: /^registry\.(?:connect\.redhat\.com|redhat\.io)$/, tokenHosts: ['sso.redhat.com'] },
  // LinuxServer.io: a name in front of GitHub's registry.
  { registry: /^lscr\.io$/, tokenHosts: ['ghcr.io'] },
];

/** @param url canonical `host[:port]`; these registries have no port */
export function knownTokenHosts(url: string): readonly string[] {
  return TOKEN_HOSTS.flatMap(({ registry, tokenHosts }) =>
    registry.test(url) ? tokenHosts.map((host) => url.replace(registry, host)) : [],
  );
}
