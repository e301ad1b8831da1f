import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface TestCertificates {
  /** PEM of the authority. */
  readonly caCertificate: string;
  /** A folder that holds nothing but `ca.crt`, as container clients want it. */
  readonly caFolder: string;
  readonly caFile: string;
  /** For `localhost`, 127.0.0.1 and the names that were asked for, signed by the authority. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A new certificate authority and a server certificate from it, both valid for a day. */
export async function createCertificates(folder: string, names: readonly string[] = []): Promise<TestCertificates> {
  const caFolder = join(folder, 'ca');
  const caFile = join(caFolder, 'ca.crt');
  const caKey = join(folder, 'ca.key');
  const certificateFile = join(folder, 'server.crt');
  const keyFile = join(folder, 'server.key');
  const request = join(folder, 'server.csr');
  const extensions = join(folder, 'server.ext');
  await mkdir(caFolder, { recursive: true });
  const alternatives = ['DNS:localhost', 'IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',');
  await writeFile(extensions, `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\n`);

  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-subj', '/CN=Test authority', '-addext', 'keyUsage=critical,keyCertSign'];
  await openssl('req', '-x509', ...key, '-keyout', caKey, '-out', caFile, '-days', '1', ...ca);
  await openssl('req', ...key, '-keyout', keyFile, '-out', request, '-subj', '/CN=localhost');
  const signer = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '1', '-extfile', extensions];
  await openssl('x509', '-req', '-in', request, '-out', certificateFile, ...signer);

  return { caCertificate: await readFile(caFile, 'utf8'), caFolder, caFile, certificateFile, keyFile };
}

async function openssl(...args: string[]): Promise<void> {
  await execute('openssl', args);
}
