import type { Internet } from './internet.ts';
import { type Account, registryApi, rightsByBasic } from './registry-api.ts';
import { registryError } from './stub-host.ts';

export const ECR_HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

export interface EcrOptions {
  readonly repositories: readonly string[];
  /** Passwords that were good once. */
  readonly expired?: readonly string[];
  /** Passwords that Amazon cannot even read. */
  readonly malformed?: readonly string[];
}

/** Basic, with no token endpoint; an expired password is refused with 403 and a plain text; a push makes no repository. */
export async function startEcr(internet: Internet, accounts: readonly Account[], options: EcrOptions) {
  const host = await internet.serve(ECR_HOST, (request) => {
    const password = request.authorization?.scheme === 'basic' ? request.authorization.password : undefined;
    if (password !== undefined && options.expired?.includes(password)) {
      return {
        status: 403,
        headers: { 'content-type': 'text/plain' },
        body: "Your Authorization Token has expired. Please run 'aws ecr get-login-password' to fetch a new one.",
      };
    }
    if (password !== undefined && options.malformed?.includes(password)) return { status: 400 };
    const isListing = request.path.endsWith('/tags/list');
    return isListing
      ? registryError(403, 'DENIED', 'not authorized to perform: ecr:ListImages')
      : registryApi(request, {
          challenge: `Basic realm="https://${ECR_HOST}/",service="ecr.amazonaws.com"`,
          rights: rightsByBasic(accounts),
          repositories: new Set(options.repositories),
          refusal: registryError(403, 'DENIED', 'not authorized to perform: ecr:InitiateLayerUpload'),
        });
  });
  return { host };
}
