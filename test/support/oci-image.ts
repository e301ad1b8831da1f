import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const TAR_BLOCK = 512;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes an OCI image layout with one image, tagged `latest`: one layer with one file of this content. Returns the manifest's digest. */
export async function writeOciImage(layout: string, content: string): Promise<string> {
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const blob = async (mediaType: string, bytes: Buffer): Promise<Descriptor> => {
    const digest = sha256(bytes);
    await writeFile(join(layout, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const layer = tarWithFile('hello.txt', Buffer.from(content));
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: await blob('application/vnd.oci.image.config.v1+json', json(config)),
    layers: [await blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer))],
  };
  const descriptor = await blob(MANIFEST, json(manifest));
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  await writeFile(join(layout, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }));
  return descriptor.digest;
}

/** The digest of the first image in a layout. */
export async function digestOfOciImage(layout: string): Promise<string | undefined> {
  const index: { manifests: Descriptor[] } = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  return index.manifests[0]?.digest;
}

/** A ustar archive: one header block, the padded content, and two empty blocks for the end. */
function tarWithFile(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  const field = (offset: number, value: string) => header.write(value, offset, 'ascii');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  field(0, name);
  field(100, octal(0o644, 7));
  field(108, octal(0, 7));
  field(116, octal(0, 7));
  field(124, octal(content.length, 11));
  field(136, octal(0, 11));
  // The checksum is taken with blanks in its own place.
  field(148, ' '.repeat(8));
  field(156, '0');
  field(257, 'ustar\x0000');
  field(
    148,
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
  );
  const padding = Buffer.alloc((TAR_BLOCK - (content.length % TAR_BLOCK)) % TAR_BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK)]);
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
