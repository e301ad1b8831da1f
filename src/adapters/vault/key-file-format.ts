import { OperatorError } from '../../domain/errors.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';

/**
 * The key file has one key a line, `<id> <32 bytes in base64>`, or `<id> <where an external key is>`. At most one line ends
 * with the word `primary`. Ids are whole numbers from 1. The primary key wraps; if no key is marked, the key with the highest
 * id is primary. All others only unwrap. Blank lines and lines that begin with `#` are ignored.
 */
export interface KeyFile {
  readonly primaryKeyId: number;
  readonly keys: readonly KeyEntry[];
}

export type KeyEntry = LocalKey | ExternalKey;

export interface LocalKey {
  readonly kind: 'local';
  readonly id: number;
  readonly bytes: Buffer;
}

/** A key that never leaves the service that keeps it. */
export type ExternalKey = AwsKmsKey | TransitKey;

export interface AwsKmsKey {
  readonly kind: 'aws-kms';
  readonly id: number;
  readonly arn: string;
  readonly region: string;
}

/** Of the transit engine of Vault or OpenBao. */
export interface TransitKey {
  readonly kind: 'transit';
  readonly id: number;
  /** Where the engine is mounted, such as `transit` or `teams/ci/transit`. */
  readonly mount: string;
  readonly name: string;
}

/** The keys cannot be used, so the service must not start. The message names the key and its file, and contains no key. */
export class KeyRingError extends OperatorError {
  override readonly name = 'KeyRingError';
}

/** The database stores key ids as 32-bit integers. */
export const MAX_KEY_ID = 2 ** 31 - 1;
const LINE = /^(?<id>\S+)[ \t]+(?<key>\S+)(?:[ \t]+(?<mark>\S+))?$/;
const KEY_ID = /^[1-9][0-9]{0,9}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MARK = /[ \t]primary$/;

/** @throws KeyRingError */
export function parseKeyFile(path: string, content: string): KeyFile {
  const keys: KeyEntry[] = [];
  let marked: number | undefined;
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const { id: idText, key: keyText, mark } = LINE.exec(text)?.groups ?? {};
    const id = Number(idText);
    if (idText === undefined || keyText === undefined || !KEY_ID.test(idText) || id > MAX_KEY_ID) {
      throw new KeyRingError(`Line ${index + 1} of the key file ${path} is not "<id> <key in base64> [primary]".`);
    }
    const fault = (text: string) => new KeyRingError(`Key ${id} in the key file ${path} ${text}`);
    if (mark !== undefined && mark !== 'primary') throw fault('must be followed by nothing or by the word primary.');
    if (mark !== undefined && marked !== undefined)
      throw fault(`is marked primary, but key ${marked} is too: mark only one.`);
    if (mark !== undefined) marked = id;
    keys.push(parseExternalKey(id, keyText, fault) ?? { kind: 'local', id, bytes: decodeKey(keyText, fault) });
    refuseRepeated(keys, fault);
  }
  if (keys.length === 0)
    throw new KeyRingError(
      `The key file ${path} contains no key. Write a line "<id> <32 bytes in base64>" into it, or restore it if there are secrets under its keys.`,
    );
  return { primaryKeyId: marked ?? Math.max(...keys.map(({ id }) => id)), keys };
}

/** The alias of a key may point to another one later: only the key's own ARN is accepted. */
const KMS_ARN = /^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]{1,32}):\d{12}:key\/[A-Za-z0-9-]{1,64}$/;
const TRANSIT_PATH = /^(?<mount>[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*)\/(?<name>[A-Za-z0-9_.-]+)$/;
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;

/** Undefined for a local key. */
function parseExternalKey(id: number, text: string, fault: (text: string) => KeyRingError): ExternalKey | undefined {
  if (text.startsWith('aws-kms:')) {
    const arn = text.slice('aws-kms:'.length);
    const region = KMS_ARN.exec(arn)?.groups?.region;
    if (region !== undefined) return { kind: 'aws-kms', id, arn, region };
    throw fault(
      'must be aws-kms: and the ARN of a key (not of an alias), such as aws-kms:arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-…',
    );
  }
  if (text.startsWith('transit:')) {
    const path = text.slice('transit:'.length);
    const { mount, name } = TRANSIT_PATH.exec(path)?.groups ?? {};
    if (mount !== undefined && name !== undefined && !DOTS.test(path)) return { kind: 'transit', id, mount, name };
    throw fault('must be transit: and the mount and name of a key, such as transit:transit/purser.');
  }
  return undefined;
}

/** What stands for an external key in the key file, and names it in messages. */
export function locationOf(key: ExternalKey): string {
  return key.kind === 'aws-kms' ? `aws-kms:${key.arn}` : `transit:${key.mount}/${key.name}`;
}

function isSame(one: KeyEntry, other: KeyEntry): boolean {
  if (one.kind === 'local' || other.kind === 'local') {
    return one.kind === 'local' && other.kind === 'local' && one.bytes.equals(other.bytes);
  }
  return locationOf(one) === locationOf(other);
}

function decodeKey(text: string, fault: (text: string) => KeyRingError): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (!BASE64.test(text) || bytes.toString('base64') !== text) throw fault('is not valid base64.');
  if (bytes.length !== KEY_BYTES) throw fault(`has ${bytes.length} bytes, but must have ${KEY_BYTES}.`);
  if (bytes.every((byte) => byte === bytes[0])) throw fault('repeats one byte, so it is not a random key.');
  return bytes;
}

function refuseRepeated(keys: readonly KeyEntry[], fault: (text: string) => KeyRingError): void {
  const last = keys.at(-1);
  if (last === undefined) return;
  const others = keys.slice(0, -1);
  if (others.some(({ id }) => id === last.id)) throw fault('is listed twice.');
  const twin = others.find((other) => isSame(other, last));
  if (twin !== undefined) throw fault(`is the same key as key ${twin.id}.`);
}

/**
 * The same file with one more key, which is not primary: the mark stays where it was, or comes to the key that was
 * primary without one.
 */
export function withKey(content: string, line: string, primaryKeyId: number | undefined): string {
  const before = content === '' || content.endsWith('\n') ? content : `${content}\n`;
  const added = `${before}${line}\n`;
  return primaryKeyId === undefined ? added : withPrimary(added, primaryKeyId);
}

/** The same file with the mark at this key alone. */
export function withPrimary(content: string, keyId: number): string {
  return content
    .split('\n')
    .map((line) => {
      const id = idOf(line);
      if (id === undefined) return line;
      const unmarked = line.trim().replace(MARK, '').trimEnd();
      return id === keyId ? `${unmarked} primary` : unmarked;
    })
    .join('\n');
}

export function withoutKey(content: string, keyId: number): string {
  return content
    .split('\n')
    .filter((line) => idOf(line) !== keyId)
    .join('\n');
}

function idOf(line: string): number | undefined {
  const text = line.trim();
  return text === '' || text.startsWith('#') ? undefined : Number(LINE.exec(text)?.groups?.id);
}
