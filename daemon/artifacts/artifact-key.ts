import type { ArtifactRef } from '../../shared/workflow/model.ts';

/** The name of an artifact's folder among those of its job: its place in the list, unless the list has changed since. */
export const artifactKey = (artifact: ArtifactRef, index: number): string => artifact.key ?? String(index);
