import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KeyPair } from './tls-authority.ts';

const execute = promisify(execFile);

/** As an argument of `-newkey`, and its options. */
const EC_KEY = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
export const AUTHORITY = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign';

export interface Signed extends KeyPair {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Wish {
  /** Undefined: signed by itself. */
  readonly by?: Signed;
  readonly subject?: string;
  /** Lines of an extension file. Without any, the certificate has version 1. */
  readonly extensions?: string;
  /** Of `-newkey`. */
  readonly key?: readonly string[];
  readonly digest?: string;
  /** Negative for one that has expired. */
  readonly days?: number;
}

/** Certificates with one fault each. */
export interface CertificateMaker {
  make(wish: Wish): Promise<Signed>;
  remove(): Promise<void>;
}

export async function createCertificateMaker(): Promise<CertificateMaker> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-certificates-'));
  let made = 0;
  return {
    async make({ by, subject = '/CN=server', extensions = '', key = EC_KEY, digest = 'sha256', days = 1 }) {
      const base = join(folder, `${++made}`);
      const [keyFile, request, extensionFile, certificateFile] = [
        `${base}.key`,
        `${base}.csr`,
        `${base}.ext`,
        `${base}.crt`,
      ];
      await openssl('req', '-newkey', ...key, '-nodes', '-keyout', keyFile, '-out', request, '-subj', subject);
      await writeFile(extensionFile, extensions);
      const signer = by === undefined ? ['-signkey', keyFile] : ['-CA', by.certificateFile, '-CAkey', by.keyFile];
      const serial = ['-set_serial', `${1000 + made}`];
      const more = extensions === '' ? [] : ['-extfile', extensionFile];
      const kind = [`-${digest}`, '-days', `${days}`];
      await openssl('x509', '-req', '-in', request, '-out', certificateFile, ...signer, ...serial, ...kind, ...more);
      const [cert, privateKey] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
      return { cert, key: privateKey, certificateFile, keyFile };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function openssl(...args: string[]): Promise<void> {
  await execute('openssl', args);
}
