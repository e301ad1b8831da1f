import { rateLimited } from '../../domain/errors.ts';

export interface ProjectTurnsOptions {
  /** How many tasks of one project run at a time. */
  readonly atOnce: number;
  /** How many of its tasks may wait. Further ones are refused. */
  readonly maxWaiting: number;
  /** Milliseconds that a task waits at most. */
  readonly patienceMs: number;
}

export interface ProjectTurns {
  /** Runs the task when it is its turn: first come, first served within a project. @throws PurserError RATE_LIMITED */
  run<Result>(projectId: string, task: () => Promise<Result>): Promise<Result>;
}

interface Project {
  running: number;
  /** Each starts one that waits. */
  readonly waiting: Set<() => void>;
}

/** Keeps a project from taking all of what projects share. Within one process, as is what they share. */
export function createProjectTurns({ atOnce, maxWaiting, patienceMs }: ProjectTurnsOptions): ProjectTurns {
  const projects = new Map<string, Project>();

  async function enter(project: Project): Promise<void> {
    if (project.running < atOnce) {
      project.running += 1;
      return;
    }
    if (project.waiting.size >= maxWaiting) throw busy(patienceMs);
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        project.waiting.delete(start);
        reject(busy(patienceMs));
      }, patienceMs);
      project.waiting.add(start);
    });
  }

  function leave(projectId: string, project: Project): void {
    const [next] = project.waiting;
    if (next !== undefined) {
      // The place goes on to it.
      project.waiting.delete(next);
      next();
      return;
    }
    project.running -= 1;
    if (project.running === 0) projects.delete(projectId);
  }

  return {
    async run(projectId, task) {
      const project = projects.get(projectId) ?? { running: 0, waiting: new Set() };
      projects.set(projectId, project);
      await enter(project);
      try {
        return await task();
      } finally {
        leave(projectId, project);
      }
    },
  };
}

function busy(patienceMs: number): Error {
  return rateLimited(
    'Too many searches and counts of this project run or wait at the moment. Ask again later, or narrow the filters.',
    patienceMs / 1000,
  );
}
