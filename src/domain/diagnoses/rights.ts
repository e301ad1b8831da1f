import type { Diagnosis } from '../providers/profile.ts';

export const RIGHTS_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'READ_ONLY',
    cause: 'The registry accepts no pushes for now: it is read-only, for example during maintenance.',
    fix: "The credential may be valid. Try again when the maintenance is over, or ask the registry's operator.",
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    cause: 'The credential is valid, but it is not allowed to do this in the repository.',
    fix: "Ask the registry's operator for the right to pull and push there, and check the path of the repository.",
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    cause: 'The registry has no such repository.',
    fix: 'Check its path. If the registry does not create repositories on their first push, create it first.',
  },
];
