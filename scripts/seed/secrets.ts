import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';

const DAY_MS = 86_400_000;

/** Passwords in the shapes that providers use. All are random and were never valid. */
export const secrets = {
  password: () => randomBytes(12).toString('base64url'),
  token: (prefix: string) => `${prefix}${randomBytes(27).toString('base64url').replace(/[-_]/g, 'x')}`,
  uuid: randomUUID,
  /** A JWT, which contains its expiry. */
  jwt: (endsInDays: number) =>
    [
      { alg: 'HS256', typ: 'JWT' },
      { sub: 'ci', exp: Math.floor((Date.now() + endsInDays * DAY_MS) / 1000) },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat(randomBytes(32).toString('base64url'))
      .join('.'),
  /** As `aws ecr get-login-password` prints it. */
  amazonEcr: (endsInHours: number) =>
    Buffer.from(
      JSON.stringify({
        payload: randomBytes(48).toString('base64'),
        datakey: randomBytes(24).toString('base64'),
        version: '2',
        type: 'DATA_KEY',
        expiration: Math.floor(Date.now() / 1000) + endsInHours * 3600,
      }),
    ).toString('base64'),
  accessKeyId: () => `AKIA${randomBytes(16).toString('hex').slice(0, 16).toUpperCase()}`,
  googleKey: (email: string) =>
    JSON.stringify({ type: 'service_account', client_email: email, private_key: privateKey() }),
  privateKey,
};

function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
