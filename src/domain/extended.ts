/**
 * A copy with further members, for what is made by the million. With Node 20, each object that `{ ...base, added }` makes has a
 * hidden class of its own: that takes ten times as long, and half a kilobyte more for as long as the object is kept.
 */
export function extended<Base extends object, Added extends object>(base: Base, added: Added): Base & Added {
  return Object.assign({}, base, added);
}
