export type RotationNoticeKind =
  | 'ROTATED'
  | 'STAGED'
  | 'ABANDONED'
  | 'RETIRED'
  | 'EXPIRING'
  | 'EXPIRED'
  | 'ROTATION_OVERDUE'
  | 'AUTHENTICATION_FAILED'
  | 'NEEDS_CREDENTIAL'
  | 'DELETED';
