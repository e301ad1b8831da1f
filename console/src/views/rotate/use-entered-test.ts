import { useState } from 'react';
import type { HealthDetailsFragment } from '../../api/generated/graphql.ts';
import { useCommand } from '../../api/use-command.ts';
import { type MintChoice, takesSecret } from '../../components/mint-fields.ts';
import type { ShownRegistry } from '../registry/shown-registry.ts';
import type { CredentialInput } from './entered-credential.ts';
import { TEST_ENTERED } from './rotation-operations.ts';

interface EnteredTest {
  readonly found: HealthDetailsFragment | undefined;
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly run: (input: CredentialInput, choice: MintChoice) => void;
  /** What was found is about something else now. */
  readonly forget: () => void;
}

/** A test of what is entered for a registry, at the place where its last test looked. Nothing is stored. */
export function useEnteredTest(registry: ShownRegistry): EnteredTest {
  const { projectId, url, provider, access, authRealmHost, caCertificate, username, mint, health } = registry;
  const [found, setFound] = useState<HealthDetailsFragment>();
  const test = useCommand(TEST_ENTERED, { onSuccess: ({ testCredentials }) => setFound(testCredentials) });

  function run(input: CredentialInput, choice: MintChoice): void {
    setFound(undefined);
    // The registry keeps what is left out, a test knows nothing but what it is given.
    const tested = input.mint === undefined ? mint : input.mint;
    test.mutate({
      projectId,
      input: {
        url,
        provider,
        access,
        authRealmHost,
        caCertificate,
        ...(health?.repository != null && { repository: health.repository }),
        ...(takesSecret(choice) && { username: input.username ?? username }),
        ...(input.password !== undefined && { password: input.password }),
        ...(tested && { mint: tested }),
      },
    });
  }

  return {
    found,
    error: test.error,
    isPending: test.isPending,
    run,
    forget: () => {
      setFound(undefined);
      if (!test.isIdle) test.reset();
    },
  };
}
