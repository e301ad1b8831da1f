/** What an error says to people: an `ApiError` has this shape. */
export interface Failure {
  readonly message: string;
  readonly code?: string | undefined;
  /** The input that it is about, as the API names it. */
  readonly field?: string | undefined;
  readonly requestId?: string | undefined;
}
