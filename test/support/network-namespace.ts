import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { skipReason } from './required-tools.ts';

/** A network of its own for a process, joined to this machine by one cable that can be pulled. */
export interface NetworkNamespace {
  /** What a command must begin with, to run inside. */
  readonly command: readonly string[];
  /** The addresses of the cable's two ends. */
  readonly outside: string;
  readonly inside: string;
  /** Drops all packets from now on, in both directions, and tells nobody. */
  pullCable(): void;
  plugCable(): void;
  remove(): void;
}

/**
 * A new namespace, or why none can be made here. Give the reason to the test's `skip`.
 * @throws Error where `CI` is set and the tests run as root: there nothing is left out
 */
export function networkNamespace(): NetworkNamespace | string {
  if (process.platform !== 'linux') return 'a network namespace needs Linux';
  if (process.getuid?.() !== 0) return 'only root may make a network namespace: run the tests as root';
  const missing = skipReason('ip');
  if (missing !== undefined) return missing;
  try {
    return createNetworkNamespace();
  } catch (error) {
    const reason = 'root may not make a network namespace here: give the container CAP_NET_ADMIN and CAP_SYS_ADMIN';
    if (process.env.CI) throw new Error(reason, { cause: error });
    return reason;
  }
}

function createNetworkNamespace(): NetworkNamespace {
  // Names of network interfaces have at most 15 characters.
  const id = randomBytes(3).toString('hex');
  const [name, outer, inner] = [`purser-${id}`, `pu-out-${id}`, `pu-in-${id}`];
  const net = `10.213.${randomBytes(1)[0]}`;
  const [outside, inside] = [`${net}.1`, `${net}.2`];
  const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const remove = () => {
    // The cable goes with the namespace that one of its ends is in, but only once no socket is left there.
    for (const args of [
      ['link', 'del', outer],
      ['netns', 'del', name],
    ]) {
      try {
        ip(...args);
      } catch {
        // It was not made, or is gone.
      }
    }
  };
  try {
    ip('netns', 'add', name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('addr', 'add', `${outside}/24`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'addr', 'add', `${inside}/24`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    remove();
    throw error;
  }
  return {
    command: ['ip', 'netns', 'exec', name],
    outside,
    inside,
    pullCable: () => void ip('link', 'set', outer, 'down'),
    plugCable: () => void ip('link', 'set', outer, 'up'),
    remove,
  };
}
