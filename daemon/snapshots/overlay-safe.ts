/** Whether a path may stand in the options of an overlay mount: `:` and `,` separate there, `\` escapes (measured: the mount fails). */
export const overlaySafe = (path: string): boolean => !/[:,\\]/.test(path);
