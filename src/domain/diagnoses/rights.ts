import type { Diagnosis } from '../providers/profile.ts';

export const RIGHTS_DIAGNOSES: readonly Diagnosis[] = [
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    detail: 'READ_ONLY',
    cause: 'The registry takes no pushes at present: it is read-only, as during maintenance.',
    fix: "The credential may be good. Try again when the maintenance is over, or ask the registry's operator.",
  },
  {
    outcome: 'INSUFFICIENT_PERMISSION',
    cause: 'The credential is good, and is not allowed to do this in the repository.',
    fix: "Ask the registry's operator for the right to pull and push there, and check the path of the repository.",
  },
  {
    outcome: 'REPOSITORY_NOT_FOUND',
    cause: 'The registry knows no such repository.',
    fix: 'Check its path. Where the registry does not make repositories with their first push, make it first.',
  },
];
