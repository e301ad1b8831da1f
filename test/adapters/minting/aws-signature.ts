import { createHash, createHmac } from 'node:crypto';
import type { RecordedRequest } from './cloud-stub.ts';

export interface AwsSignature {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  /** Whether this key made the signature for exactly this request. */
  readonly isValid: boolean;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<date>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request, SignedHeaders=(?<headers>[\w;-]+), Signature=(?<signature>[0-9a-f]{64})$/;

/** Checks a request to the root path by Signature Version 4, with the secret that the real service would have. */
export function awsSignature(request: RecordedRequest, secretAccessKey: string): AwsSignature {
  const parts = AUTHORIZATION.exec(request.headers.authorization ?? '')?.groups;
  if (parts === undefined) throw new Error('the request is not signed');
  const { key = '', date = '', region = '', service = '', headers = '', signature } = parts;
  const canonical = [
    request.method,
    request.path,
    '',
    ...headers.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    headers,
    sha256(request.body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  let signingKey: string | Buffer = `AWS4${secretAccessKey}`;
  for (const part of scope.split('/')) signingKey = createHmac('sha256', signingKey).update(part).digest();
  const isValid = createHmac('sha256', signingKey).update(toSign).digest('hex') === signature;
  return { accessKeyId: key, region, service, isValid };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
