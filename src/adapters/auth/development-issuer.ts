import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import * as z from 'zod';
import { errorCode } from '../../domain/error-code.ts';
import { OperatorError } from '../../domain/errors.ts';
import { DEFAULT_CLOCK_TOLERANCE, type LocalIssuer } from './issuers.ts';
import { MAX_LIFETIME_SECONDS } from './token-lifetime.ts';
import type { Jwks } from './verification-keys.ts';

export const DEVELOPMENT_ISSUER = 'urn:purser:development';
export const DEVELOPMENT_AUDIENCE = 'purser';
const FILE_NAME = 'development-issuer.json';

export interface DevelopmentToken {
  readonly projectIds: readonly string[];
  /** Granted in every project. */
  readonly permissions: readonly string[];
  readonly subject: string;
  readonly ttlSeconds: number;
}

/** Signs tokens for people who try the service out. Never started in production. */
export interface DevelopmentIssuer {
  /** For `createAuthenticator`. */
  readonly issuerConfig: LocalIssuer;
  publicJwks(): Jwks;
  signToken(token: DevelopmentToken): Promise<string>;
}

/** The key file cannot be used. The message names the file and says what to do. */
export class DevelopmentIssuerError extends OperatorError {
  override readonly name = 'DevelopmentIssuerError';
}

const keyFile = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/**
 * Opens the development issuer of a data folder, and creates the folder and the key if they are missing. Processes
 * that do this at the same time get the same key.
 * @throws DevelopmentIssuerError
 */
export async function openDevelopmentIssuer(dataDir: string): Promise<DevelopmentIssuer> {
  const path = join(dataDir, FILE_NAME);
  const stored = (await readKey(path)) ?? (await createKey(dataDir, path));
  const privateKey = importKey(stored, path);
  const publicKey = createPublicKey(privateKey);
  const kid = await calculateJwkThumbprint(publicKey);
  const jwks: Jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' }] };

  return {
    issuerConfig: {
      issuer: DEVELOPMENT_ISSUER,
      audience: [DEVELOPMENT_AUDIENCE],
      algorithms: ['EdDSA'],
      jwks,
      grants: 'claims',
      maxTokenAge: MAX_LIFETIME_SECONDS,
      clockTolerance: DEFAULT_CLOCK_TOLERANCE,
    },
    publicJwks: () => jwks,
    signToken: ({ projectIds, permissions, subject, ttlSeconds }) => {
      const issuedAt = Math.floor(Date.now() / 1000);
      return new SignJWT({ projects: Object.fromEntries(projectIds.map((id) => [id, permissions])) })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
        .setIssuer(DEVELOPMENT_ISSUER)
        .setAudience(DEVELOPMENT_AUDIENCE)
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ttlSeconds)
        .sign(privateKey);
    },
  };
}

async function readKey(path: string): Promise<unknown> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new DevelopmentIssuerError(`The development key ${path} cannot be opened.`, { cause: error });
  }
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new DevelopmentIssuerError(
        `Other users may read the development key ${path}: delete it to get a new one, or run chmod 600 on it.`,
      );
    }
    return parseJson(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

/** Writes the whole file under another name first. `link` then fails if another process was quicker: its key counts. */
async function createKey(dataDir: string, path: string): Promise<unknown> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeDurably(draft, JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })));
    await link(draft, path).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  return readKey(path);
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function importKey(stored: unknown, path: string) {
  try {
    return createPrivateKey({ key: keyFile.parse(stored), format: 'jwk' });
  } catch {
    // No cause: its text could contain part of the key.
    throw new DevelopmentIssuerError(`The file ${path} does not contain an Ed25519 key: delete it to get a new one.`);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DevelopmentIssuerError(`The file ${path} is not valid JSON: delete it to get a new key.`);
  }
}
