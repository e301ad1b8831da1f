export type RotationNoticeKind =
  | 'ROTATED'
  | 'STAGED'
  | 'RETIRED'
  | 'EXPIRING'
  | 'EXPIRED'
  | 'ROTATION_OVERDUE'
  | 'AUTHENTICATION_FAILED'
  | 'NEEDS_CREDENTIAL'
  | 'DELETED';
