import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { type Egress, EgressFailed } from '../../application/ports/egress.ts';
import { type AwsCredentials, closedConfig } from '../minting/amazon.ts';
import { createAwsRequestHandler } from '../minting/aws-request-handler.ts';
import type { AwsKmsKey } from '../vault/key-file-format.ts';
import { failedRequest } from './asked-service.ts';
import { kmsFault } from './aws-kms-fault.ts';
import { createAwsLogin } from './aws-login.ts';
import { type KeyAction, type KeyAnswer, type KeyItem, type KeyService, KeyServiceFailed } from './key-service.ts';
import type { AwsKmsSettings } from './settings.ts';

const DEADLINE_MS = 5_000;
/** The name in the encryption context, which CloudTrail shows with a hash as its value. */
const CONTEXT = 'purser';

/** AWS Key Management Service. Only kms:Encrypt and kms:Decrypt are asked. It has no batches. */
export function createAwsKms(settings: AwsKmsSettings, egress: Egress, now: () => number): Pick<KeyService, 'ask'> {
  const login = createAwsLogin(settings, egress, now);
  // Each request is one egress session. The SDK asks no other host, and looks nothing up in the environment.
  const requests = createAwsRequestHandler({
    request: (request) => egress.request(request, { deadlineMs: DEADLINE_MS }),
  });
  const clients = new Map<string, { readonly client: KMSClient; readonly credentials: AwsCredentials }>();

  /** A client reads all its settings when it is made, so it is kept as long as its credentials. */
  function clientFor(region: string, credentials: AwsCredentials): KMSClient {
    const known = clients.get(region);
    if (known?.credentials === credentials) return known.client;
    const client = new KMSClient(closedConfig(region, credentials, requests, settings.endpoint ?? undefined));
    clients.set(region, { client, credentials });
    return client;
  }

  async function answer(key: AwsKmsKey, action: KeyAction, item: KeyItem, isSecond = false): Promise<KeyAnswer> {
    const credentials = await login.credentials(key.region);
    try {
      const output = await send(clientFor(key.region, credentials), key, action, item);
      if (output === undefined) throw new KeyServiceFailed('outage', 'has sent an answer without a key');
      const copy = Buffer.from(output);
      output.fill(0);
      return copy;
    } catch (error) {
      if (error instanceof KeyServiceFailed) throw error;
      if (error instanceof EgressFailed) throw failedRequest(error);
      const fault = kmsFault(error, action);
      if (fault === 'invalid') return fault;
      if (fault !== 'login-ended') throw fault;
    }
    if (isSecond || !login.forget(credentials)) {
      throw new KeyServiceFailed('refused', 'cannot be used: the credentials of KEY_MANAGEMENT have ended');
    }
    return answer(key, action, item, true);
  }

  return {
    async ask(key, action, items) {
      if (key.kind !== 'aws-kms') throw new TypeError('the key is not of AWS KMS');
      return Promise.all(items.map((item) => answer(key, action, item)));
    },
  };
}

async function send(
  client: KMSClient,
  { arn: KeyId }: AwsKmsKey,
  action: KeyAction,
  { bytes, binding }: KeyItem,
): Promise<Uint8Array | undefined> {
  const EncryptionContext = { [CONTEXT]: Buffer.from(binding).toString('base64') };
  if (action === 'wrap') {
    return (await client.send(new EncryptCommand({ KeyId, Plaintext: bytes, EncryptionContext }))).CiphertextBlob;
  }
  return (await client.send(new DecryptCommand({ KeyId, CiphertextBlob: bytes, EncryptionContext }))).Plaintext;
}
