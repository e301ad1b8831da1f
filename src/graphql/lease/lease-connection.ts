import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Count, LeaseFilter as Filter, LeaseCursor } from '../../application/ports/read-models.ts';
import { parseUuid } from '../../domain/identity.ts';
import { checkText } from '../../domain/text-rules.ts';
import { PageInfoObject } from '../paging/page-info.ts';
import { LeaseObject } from './lease-types.ts';

@ObjectType('LeaseEdge', { simpleResolvers: true, description: 'A lease with its place in the list.' })
export class LeaseEdgeObject {
  @Field(() => String, { description: 'Opaque. Pass it as `after` to continue after this lease.' })
  readonly cursor!: string;

  @Field(() => LeaseObject, { description: 'The lease.' })
  readonly node!: LeaseObject;
}

@ObjectType('LeaseConnection', { simpleResolvers: true, description: 'One page of leases.' })
export class LeaseConnectionObject {
  @Field(() => [LeaseObject], { description: 'The leases of this page, newest first.' })
  readonly nodes!: readonly LeaseObject[];

  @Field(() => PageInfoObject, { description: 'Where this page ends.' })
  readonly pageInfo!: PageInfoObject;

  /** Serves the field `edges`, see `LeaseListResolver`. */
  readonly cursorOf!: (lease: LeaseObject) => string;
  /** Serves the field `totalCount`, see `LeaseListResolver`. */
  readonly count!: () => Promise<Count>;
}

@InputType({ description: 'Lists only leases that match every field given here.' })
export class LeaseFilter {
  @Field(() => ID, { nullable: true, description: 'Only leases of this registry.' })
  readonly registryId?: string | null;

  @Field(() => String, { nullable: true, description: 'Only leases of exactly this pipeline.' })
  readonly pipeline?: string | null;

  @Field(() => String, { nullable: true, description: 'Only leases of exactly this run.' })
  readonly runId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'Only leases that have neither ended nor been released.',
  })
  readonly activeOnly?: boolean | null;
}

/** @throws PurserError BAD_USER_INPUT that names the field @returns null if no lease can match */
export function leaseFilter(filter: LeaseFilter | null | undefined): Filter | null {
  const { registryId: entered, pipeline, runId, activeOnly } = filter ?? {};
  const registryId = entered == null ? undefined : parseUuid(entered);
  if (entered != null && registryId === undefined) return null;
  return {
    registryId,
    pipeline: pipeline == null ? undefined : checkText('pipeline', pipeline, { max: 255 }),
    runId: runId == null ? undefined : checkText('runId', runId, { max: 255 }),
    activeOnly: activeOnly ?? true,
  };
}

/** Cursors are bound to this text: the same filter always gives the same text. */
export function leaseSelection({ registryId, pipeline, runId, activeOnly }: Filter): string {
  return JSON.stringify([registryId, pipeline, runId, activeOnly]);
}

/** The two have no space in them. */
export function leasePosition({ issuedAt, id }: LeaseCursor): string {
  return `${issuedAt} ${id}`;
}

/** Reads what `leasePosition` wrote: the cursor's MAC was right. */
export function leaseCursor(position: string): LeaseCursor {
  const [issuedAt = '', id = ''] = position.split(' ');
  return { issuedAt, id };
}
