import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsAuthority {
  readonly certificate: string;
  readonly certificateFile: string;
  /**
   * A server certificate.
   * @param names as in `subjectAltName`: `DNS:registry.example.com,IP:127.0.0.1`
   * @param days negative for one that has expired
   */
  issue(names: string, days?: number): Promise<KeyPair>;
  remove(): Promise<void>;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export async function createTlsAuthority(): Promise<TlsAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-authority-'));
  const file = (name: string) => join(folder, name);
  const [certificateFile, keyFile] = [file('ca.crt'), file('ca.key')];
  const subject = ['-subj', '/CN=Test authority', '-addext', 'keyUsage=critical,keyCertSign'];
  await openssl('req', '-x509', ...NEW_KEY, '-keyout', keyFile, '-out', certificateFile, '-days', '1', ...subject);
  let issued = 0;
  return {
    certificate: await readFile(certificateFile, 'utf8'),
    certificateFile,
    async issue(names, days = 1) {
      issued++;
      const [key, request, extensions, cert] = ['key', 'csr', 'ext', 'crt'].map((kind) =>
        file(`${issued}.${kind}`),
      ) as [string, string, string, string];
      await writeFile(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
      await openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=server');
      const signer = ['-CA', certificateFile, '-CAkey', keyFile, '-CAcreateserial', '-days', `${days}`];
      await openssl('x509', '-req', '-in', request, '-out', cert, ...signer, '-extfile', extensions);
      return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function openssl(...args: string[]): Promise<void> {
  await execute('openssl', args);
}
