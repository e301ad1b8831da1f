/**
 * What a command sends, until its answer is there. TanStack Query keeps what a mutation was given for as long as its form is
 * on the page, and that may hold a typed secret: so it is given this.
 */
export class Envelope<Content> {
  #content: { readonly inside: Content } | undefined;

  constructor(content: Content) {
    this.#content = { inside: content };
  }

  open(): Content {
    if (this.#content === undefined) throw new Error('the envelope was emptied: its command has ended');
    return this.#content.inside;
  }

  /** Undefined once it was emptied. */
  peek(): Content | undefined {
    return this.#content?.inside;
  }

  empty(): void {
    this.#content = undefined;
  }
}
