import type { Database } from '@ashlar/postgres';

/** How far a read model has come. */
export interface ProjectionStatus {
  readonly name: string;
  readonly position: number;
  readonly lastAt: Date | null;
  readonly updatedAt: Date;
}

export const projectionStatuses = (db: Database): Promise<ProjectionStatus[]> =>
  db.query<ProjectionStatus & { name: string }>(
    'select name, position, last_at as "lastAt", updated_at as "updatedAt" from projections order by name',
  );
