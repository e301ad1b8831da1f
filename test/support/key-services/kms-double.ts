import { randomBytes } from 'node:crypto';
import { awsSignature } from '../../adapters/minting/aws-signature.ts';
import type { CloudAnswer, RecordedRequest } from '../../adapters/minting/cloud-stub.ts';
import { type KeyServiceDouble, seal, startKeyService, unseal } from './key-service-double.ts';

export const KMS_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-111122223333';
export const ACCESS_KEY = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a-secret-access-key' };
export const ROLE_ARN = 'arn:aws:iam::111122223333:role/purser';
export const WEB_IDENTITY_TOKEN = 'a-token-of-the-platform';
const ASSUMED = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'an-assumed-secret' };
const SESSION_TOKEN = 'a-session-token';

export interface KmsDouble extends KeyServiceDouble {
  /** Credentials of roles that were assumed so far are refused from now on. */
  endSessions(): void;
  readonly logins: () => number;
}

const BLOB = Buffer.from(`${KMS_ARN}\n`);

/** A protocol double of AWS KMS and STS. It checks signatures, and its blobs name the key as the real ones do. */
export async function startKmsDouble(): Promise<KmsDouble> {
  const key = randomBytes(32);
  let sessions = 0;
  let ended = 0;

  const fault = (status: number, type: string): CloudAnswer => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: { __type: type, message: 'the text of the service' },
  });

  function assumeRole({ form }: RecordedRequest): CloudAnswer {
    const fits = form.get('RoleArn') === ROLE_ARN && form.get('WebIdentityToken') === WEB_IDENTITY_TOKEN;
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity' || !fits) {
      return {
        status: 403,
        headers: { 'content-type': 'text/xml' },
        body: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
      };
    }
    sessions += 1;
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    return {
      headers: { 'content-type': 'text/xml' },
      body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>${ASSUMED.accessKeyId}</AccessKeyId><SecretAccessKey>${ASSUMED.secretAccessKey}</SecretAccessKey>
        <SessionToken>${SESSION_TOKEN}-${sessions}</SessionToken><Expiration>${expiration}</Expiration>
      </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    };
  }

  /** Undefined if the signature is right. */
  function loginFault(request: RecordedRequest): CloudAnswer | undefined {
    const session = request.headers['x-amz-security-token'];
    const { secretAccessKey } = session === undefined ? ACCESS_KEY : ASSUMED;
    const { isValid, region, service } = awsSignature(request, secretAccessKey);
    if (!isValid || region !== 'eu-central-1' || service !== 'kms') return fault(400, 'InvalidSignatureException');
    if (session !== undefined && Number(String(session).split('-').at(-1)) <= ended) {
      return fault(400, 'ExpiredTokenException');
    }
    return undefined;
  }

  function answer(request: RecordedRequest, asked: KeyServiceDouble['asked']): CloudAnswer {
    if (request.form.has('Action')) return assumeRole(request);
    const refused = loginFault(request);
    if (refused !== undefined) return refused;
    const { KeyId, EncryptionContext, Plaintext, CiphertextBlob } = JSON.parse(request.body);
    if (KeyId !== KMS_ARN) return fault(400, 'NotFoundException');
    const context = Buffer.from(JSON.stringify(EncryptionContext ?? {}));
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    if (request.headers['x-amz-target'] === 'TrentService.Encrypt') {
      asked.wrap += 1;
      const sealed = Buffer.concat([BLOB, seal(key, context, Buffer.from(Plaintext, 'base64'))]);
      return { headers, body: { CiphertextBlob: sealed.toString('base64'), KeyId } };
    }
    asked.unwrap += 1;
    const blob = Buffer.from(CiphertextBlob, 'base64');
    const opened = blob.subarray(0, BLOB.length).equals(BLOB) && unseal(key, context, blob.subarray(BLOB.length));
    if (!opened) return fault(400, 'InvalidCiphertextException');
    return { headers, body: { Plaintext: opened.toString('base64'), KeyId } };
  }

  const double = await startKeyService({
    answer,
    refuse(kind) {
      switch (kind) {
        case 'forbidden':
          return fault(400, 'AccessDeniedException');
        case 'missing':
          return fault(400, 'NotFoundException');
        case 'throttled':
          return fault(400, 'ThrottlingException');
        case 'broken':
          return fault(500, 'KMSInternalException');
      }
    },
  });
  return Object.assign(double, {
    endSessions: () => {
      ended = sessions;
    },
    logins: () => sessions,
  });
}

/** What KEY_MANAGEMENT says of the double. */
export function kmsSettings({ url }: Pick<KmsDouble, 'url'>, credentials: object = ACCESS_KEY): string {
  return JSON.stringify({ awsKms: { credentials, endpoint: url, stsEndpoint: url } });
}
