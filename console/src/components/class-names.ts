/** Joins the class names that apply. A name that a CSS module lacks counts as none. */
export function classNames(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
