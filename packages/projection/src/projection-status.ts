import type { Checkpoint, Rebuild } from './checkpoints.ts';
import type { ProjectionStatus } from './projection.ts';
import type { ReadModelDefinition } from './read-model.ts';

type Rows = Omit<ProjectionStatus, 'lag' | 'lagMs'>;

/** What the rows tell; how far that is behind, only the source of the events knows. */
export function statusOf(
  { name, version }: ReadModelDefinition,
  current: Checkpoint | undefined,
  rebuild: Rebuild | undefined,
): Rows {
  const error = current?.error ?? undefined;
  return {
    name,
    version: current?.version ?? version,
    state: rebuild ? 'rebuilding' : error === undefined ? 'live' : 'failing',
    position: current?.position ?? 0,
    ...(error !== undefined && { error }),
    ...(rebuild && {
      rebuild: {
        version: rebuild.version,
        position: rebuild.position,
        startedAt: rebuild.startedAt,
        ...(rebuild.error !== null && { error: rebuild.error }),
      },
    }),
  };
}
