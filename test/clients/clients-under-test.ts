import { runCredentialHelper } from '../../src/clients/credential-helper.ts';
import type { ClientRun } from '../support/built-client.ts';
import type { Sender, Shell, ShellMachines } from './shell-machines.ts';

export interface ClientUnderTest {
  readonly name: string;
  get(registry: string, environment: Readonly<Record<string, string>>): Promise<ClientRun>;
}

/** The helper in Node, in this process, and as a script in these shells by these programs. */
export function clientsUnderTest(
  machines: () => ShellMachines,
  pairs: readonly (readonly [Shell, Sender])[],
): readonly ClientUnderTest[] {
  return [
    {
      name: 'the helper in Node',
      async get(registry, environment) {
        const readInput = async () => registry;
        const invocation = {
          args: ['get'],
          readInput,
          environment: { ...environment, PURSER_PIPELINE: 'web' },
          version: '0',
        };
        return { stderr: '', ...(await runCredentialHelper(invocation)) };
      },
    },
    ...pairs.map((pair) => ({
      name: `the script in ${pair[0]} with ${pair[1]}`,
      async get(registry: string, environment: Readonly<Record<string, string>>) {
        const asked = { args: ['get'], input: registry, environment };
        const { stdout, stderr, code } = await machines().run('docker-credential-purser', pair, asked);
        return { stdout, stderr, exitCode: code };
      },
    })),
  ];
}

/** The answer that issues a credential, to a request of either client. */
export function issuedTo(path: string, secret: string): string {
  return path === '/graphql'
    ? JSON.stringify({ data: { issueCredential: { username: 'ada', password: secret } } })
    : JSON.stringify({ ServerURL: 'ghcr.io', Username: 'ada', Secret: secret });
}
