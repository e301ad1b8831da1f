import { useEffect, useState } from 'react';
import { useApiQuery } from '../../api/use-api-query.ts';
import { isChosenAtFirst, keepPinned, type OfferedKey, offeredKeys, readPinned } from './keys.ts';
import { AUDIT_KEYS } from './operations.ts';
import { type PublicKey, readPublicKey } from './verification/heads.ts';
import { hasEd25519 } from './verification/web-crypto.ts';

export interface Keys {
  readonly offered: readonly OfferedKey[];
  readonly chosen: readonly OfferedKey[];
  readonly isPending: boolean;
  readonly error: Error | null;
  /** Undefined until it is known. */
  readonly canCheck: boolean | undefined;
  choose(key: OfferedKey, isChosen: boolean): void;
  pin(key: OfferedKey): void;
  unpin(key: OfferedKey): void;
  /** False: it is no key. */
  paste(text: string): Promise<boolean>;
}

/** The keys that signatures may be of: those that the reader brought or pinned, and those that the service names. */
export function useKeys(projectId: string): Keys {
  const { data, isPending, error } = useApiQuery(AUDIT_KEYS, { projectId });
  const [pinned, setPinned] = useState(() => readPinned(localStorage));
  const [pasted, setPasted] = useState<readonly PublicKey[]>([]);
  const [choices, setChoices] = useState<Readonly<Record<string, boolean>>>({});
  const [canCheck, setCanCheck] = useState<boolean>();
  useEffect(() => void hasEd25519().then(setCanCheck), []);

  const offered = offeredKeys(data?.auditKeys ?? [], pinned, pasted);
  const chosen = offered.filter((key) => choices[key.publicKey] ?? isChosenAtFirst(key, offered));

  function keep(next: typeof pinned): void {
    keepPinned(localStorage, next);
    setPinned(next);
  }

  return {
    offered,
    chosen,
    isPending,
    error,
    canCheck,
    choose: (key, isChosen) => setChoices({ ...choices, [key.publicKey]: isChosen }),
    pin: ({ keyId, publicKey }) => keep([...pinned, { keyId, publicKey, pinnedAt: new Date().toISOString() }]),
    unpin: ({ publicKey }) => keep(pinned.filter((key) => key.publicKey !== publicKey)),
    async paste(text) {
      const key = await readPublicKey(text);
      if (key !== undefined) setPasted((before) => [...before, key]);
      return key !== undefined;
    },
  };
}
