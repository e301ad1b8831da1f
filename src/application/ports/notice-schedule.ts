export interface DueRegistry {
  readonly projectId: string;
  readonly registryId: string;
}

export interface DueByClock extends DueRegistry {
  /** When its next notice was due. */
  readonly dueAt: string;
}

export interface MissingSecret extends DueRegistry {
  readonly credentialVersion: number;
}

/** What the scheduler of notices goes by. Both lists answer from the read models, at the cost of what is on them. */
export interface NoticeSchedule {
  /** Registries whose next notice is due, earliest first, after the given place. `now` in milliseconds since 1970. */
  due(now: number, after: DueByClock | undefined, limit: number): Promise<readonly DueByClock[]>;
  /** Registries whose secret is missing from the vault, which nobody was told yet, by id after the given place. */
  missing(after: MissingSecret | undefined, limit: number): Promise<readonly MissingSecret[]>;
}
