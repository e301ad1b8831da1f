import { common, type Entered } from '../../domain/asked-for.ts';
import { Secret } from '../../domain/secret.ts';

/**
 * What the arguments of a root field ask for, as it was sent. Of several inputs, what is equal in all. Every other value
 * is left out, because it may be a secret. `idOf` tells what the argument `id` names.
 */
export function enteredIn(
  args: Readonly<Record<string, unknown>>,
  { idOf }: { readonly idOf: 'registry' | 'other' },
): Entered {
  const inputs = (Array.isArray(args.input) ? args.input : [args.input]).map(texts);
  const ofInput = (name: string) =>
    inputs.map((input) => input[name]).reduce((one, other) => common(one, other) ?? undefined, inputs[0]?.[name]);
  const named = texts(args);
  const url = named.url ?? ofInput('url');
  const image = named.image ?? ofInput('image');
  return {
    registryId: (idOf === 'registry' ? named.id : undefined) ?? named.registryId ?? ofInput('registryId'),
    leaseId: named.leaseId ?? ofInput('leaseId'),
    url: url === undefined ? undefined : new Secret(url),
    image: image === undefined ? undefined : new Secret(image),
    pipeline: named.pipeline ?? ofInput('pipeline'),
    runId: named.runId ?? ofInput('runId'),
  };
}

const RECORDED = ['id', 'registryId', 'leaseId', 'url', 'image', 'pipeline', 'runId'] as const;
type Texts = { readonly [name: string]: string | undefined };

function texts(value: unknown): Texts {
  if (typeof value !== 'object' || value === null) return {};
  const entries = new Map(Object.entries(value));
  return Object.fromEntries(
    RECORDED.map((name) => {
      const entered: unknown = entries.get(name);
      return [name, typeof entered === 'string' ? entered : undefined];
    }),
  );
}
