import type { BytePath } from '../snapshots/bytes.ts';

/**
 * What editors put beside the file that somebody works on: vim's swap files and its trial file (4913), Emacs' locks and copies, those of nano, GEdit, Kate, JetBrains and LibreOffice. They
 * come and go while nothing is saved.
 */
const besides =
  /^(\..*\.sw[a-z]|4913|.*~|\.#.*|#.*#|\.goutputstream-.*|\..*\.kate-swp|.*___jb_(tmp|old)___|\.~lock\..*#|\.nfs[0-9a-f]{16,})$/;

export const isEditors = (path: BytePath): boolean => besides.test(path.slice(path.lastIndexOf('/') + 1));
