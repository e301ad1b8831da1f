import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, FieldResolver, Info, Resolver, Root } from 'type-graphql';
import type { AuditAction } from '../../domain/audit-actions.ts';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { isGranted, PERMISSIONS } from '../../domain/permissions.ts';
import type { RegistryPart } from '../../domain/registry-view.ts';
import { After, First } from '../paging/page-arguments.ts';
import { askedParts, MadeOf } from '../pipeline/asked-parts.ts';
import type { GraphqlContext } from '../pipeline/context.ts';
import { RegistryObject } from '../registry/registry-types.ts';
import { auditPage } from './audit-page.ts';
import { AuditConnectionObject } from './audit-types.ts';

const DEFAULT_PAGE_SIZE = 20;
/** No root field has this name, so the directive does not make it. */
const DENIED: AuditAction = 'READ_REGISTRY_HISTORY';

@Resolver(() => RegistryObject)
export class RegistryHistoryResolver {
  @MadeOf<RegistryPart>('projectId')
  @FieldResolver(() => AuditConnectionObject, {
    nullable: true,
    description:
      'The audit log of this registry, newest first. Needs `iam:project:cicd:audit:read`: without it the field is null and the answer has an error FORBIDDEN. Subscriptions do not have it.',
  })
  async history(
    @Root() { id, projectId, isShared }: RegistryObject,
    @Ctx() { services, request }: GraphqlContext,
    @First(DEFAULT_PAGE_SIZE) first: number | null | undefined,
    @After() after: string | null | undefined,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuditConnectionObject> {
    // All subscribers get the same answer, whatever permissions each of them has.
    if (isShared) throw badUserInput('history', 'Subscriptions have no `history`. Read it by a query.');
    if (!isGranted(request.principal, projectId, PERMISSIONS.auditRead)) {
      await services.application.recordDenied(request, { projectId, action: DENIED, registryId: id });
      throw new PurserError('FORBIDDEN', 'You do not have the permission to read the audit log of this project.');
    }
    const filter = { registryId: id };
    const page = await auditPage(services, projectId, {
      filter,
      first,
      after,
      defaultSize: DEFAULT_PAGE_SIZE,
      parts: askedParts(info),
    });
    await services.application.recordAuditRead(request, projectId);
    return page;
  }
}
