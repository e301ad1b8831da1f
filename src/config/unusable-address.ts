import { unreachable } from '../domain/unreachable.ts';
import { type Config, ConfigurationError } from './config.ts';

/** What to set if the service cannot listen at the configured address. */
export function unusableAddress(
  fault: 'port in use' | 'port not permitted' | 'no such host',
  variable: 'PORT' | 'METRICS_PORT',
  { host, port }: Pick<Config, 'host' | 'port'>,
  cause: unknown,
): ConfigurationError {
  return new ConfigurationError(sentenceOf(), { cause });

  function sentenceOf(): string {
    switch (fault) {
      case 'port in use':
        return `${variable} ${port} is in use on ${host}: stop the program that uses it, or set ${variable} to another port (0: any free one).`;
      case 'port not permitted':
        return `This user may not open ${variable} ${port}: set ${variable} to 1024 or higher.`;
      case 'no such host':
        return `${variable.replace('PORT', 'HOST')} is not an address of this machine: set it to 127.0.0.1, to 0.0.0.0 for all addresses, or leave it unset.`;
      default:
        return unreachable(fault, 'fault of listening');
    }
  }
}
