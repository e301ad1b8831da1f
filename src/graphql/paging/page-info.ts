import { Field, ObjectType } from 'type-graphql';

@ObjectType('PageInfo', { simpleResolvers: true, description: 'Where a page ends.' })
export class PageInfoObject {
  @Field(() => Boolean, { description: 'Whether there is another page after this one.' })
  readonly hasNextPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Pass it as `after` to get the next page; null for an empty page.',
  })
  readonly endCursor!: string | null;
}
