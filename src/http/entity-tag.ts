/** RFC 9110, section 13.1.2: whether the client has this version. */
export function isNamed(tag: string, ifNoneMatch: string | undefined): boolean {
  const named = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return named.includes(tag) || named[0] === '*';
}
