/** The codes of the distribution specification that a probe tells apart. */
export type RegistryErrorCode = 'NAME_UNKNOWN' | 'MANIFEST_UNKNOWN' | 'TOOMANYREQUESTS';

const CODES: ReadonlySet<string> = new Set<RegistryErrorCode>(['NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'TOOMANYREQUESTS']);

/** The first known code in an error's body; undefined if it has none. Nothing else of the body is used. */
export function errorCode(body: Buffer): RegistryErrorCode | undefined {
  const value = parseJson(body);
  if (!isObject(value) || !Array.isArray(value.errors)) return undefined;
  return value.errors.map((error: unknown) => (isObject(error) ? error.code : undefined)).find(isKnownCode);
}

function isKnownCode(code: unknown): code is RegistryErrorCode {
  return typeof code === 'string' && CODES.has(code);
}

/** Undefined if it is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
