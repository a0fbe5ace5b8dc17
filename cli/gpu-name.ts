/** Enough of a GPU's UUID to tell it from others of a machine: `GPU-1a2b3c4d`, of a MIG device `MIG-1a2b3c4d`. */
export const shortUuid = (uuid: string): string => uuid.slice(0, 12);

/** A GPU as people speak of it: `2 (GPU-1a2b3c4d)`; its whole UUID where its number on the host is not known. */
export const gpuName = (uuid: string, number: number | null): string => (number === null ? uuid : `${number} (${shortUuid(uuid)})`);
