import { PurserError } from '../../src/domain/errors.ts';

/** The call's error. Throws on anything other than a refused input, because that would be a defect. */
export function refusal(call: () => unknown): { field: string | undefined; message: string } {
  const error = refusalIfAny(call);
  if (error === undefined) throw new Error('accepted, but it should have been refused');
  return error;
}

export function refusalIfAny(call: () => unknown): { field: string | undefined; message: string } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== 'BAD_USER_INPUT') throw error;
    return { field: error.details.field, message: error.message };
  }
}
