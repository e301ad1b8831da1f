import { Field, ObjectType } from 'type-graphql';

@ObjectType('PageInfo', { simpleResolvers: true, description: 'Where a page ends.' })
export class PageInfoObject {
  @Field(() => Boolean, {
    description:
      'Whether there is another page after this one. A page of a filtered list may have fewer nodes than `first`, or none, although there is.',
  })
  readonly hasNextPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Pass it as `after` to get the next page; null if there is nothing to go on from.',
  })
  readonly endCursor!: string | null;
}
