import type { RegistryPageQuery } from '../../api/generated/graphql.ts';

/** A registry as its page reads it. */
export type ShownRegistry = NonNullable<RegistryPageQuery['registry']>;
