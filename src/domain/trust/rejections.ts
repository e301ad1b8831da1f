import { PurserError } from '../errors.ts';

/** Why a rule is not taken. */
export interface RuleRejection {
  /** Of the input, what is at fault. */
  readonly field: string;
  readonly error: PurserError;
}

/** Runs a check. Undefined if it throws BAD_USER_INPUT, which is kept. */
export type Attempt = <Value>(check: () => Value) => Value | undefined;

/** Adds what each check rejects to the list. */
export function collecting(rejections: RuleRejection[]): Attempt {
  return (check) => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof PurserError) || error.code !== 'BAD_USER_INPUT') throw error;
      rejections.push({ field: error.details.field, error });
      return undefined;
    }
  };
}
