const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether the host of a URL is this machine. `hostname` as `URL` gives it: IPv6 in brackets. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
