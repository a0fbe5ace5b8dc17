import { find, findAll, type XmlElement } from './xml.ts';

/**
 * What the driver says against handing out a GPU (or a MIG device): one sentence without its subject's name (`it must be reset: …`), or null. Corrected
 * errors are none, nor are errors of earlier times (`aggregate`): the driver has put others in the place of what was broken.
 */
export function healthProblem(gpu: XmlElement, resetCommand: string): string | null {
  const said = (path: string): string => find(gpu, path)?.text ?? '';
  const yes = (path: string): boolean => said(path).toLowerCase() === 'yes';
  if (anywhere(gpu, 'GPU is lost')) return lost('GPU is lost');
  if (anywhere(gpu, 'GPU requires reset')) return `it must be reset: ${resetCommand}`;
  if (yes('remapped_rows/remapped_row_failure') || yes('ecc_errors/unrepairable_memory')) {
    return 'its memory is broken beyond what the driver can repair; the GPU needs service';
  }
  const action = said('gpu_recovery_action');
  if (/reset/i.test(action)) return `the driver asks for a reset: ${resetCommand}`;
  if (/reboot/i.test(action)) return 'the driver asks for a reboot of the machine';
  if (/drain/i.test(action)) return `the driver asks for a recovery (${action})`;
  const uncorrectable = uncorrectableErrors(find(gpu, 'ecc_errors/volatile') ?? find(gpu, 'ecc_error_count/volatile_count'));
  if (uncorrectable > 0) {
    return `its memory had ${uncorrectable} uncorrectable ${uncorrectable === 1 ? 'error' : 'errors'} since the last reset: ${resetCommand}`;
  }
  if (yes('remapped_rows/remapped_row_pending')) return `broken rows of its memory are replaced by a reset: ${resetCommand}`;
  if (yes('retired_pages/pending_retirement') || yes('retired_pages/pending_blacklist')) {
    return `broken pages of its memory are retired by a reset: ${resetCommand}`;
  }
  return null;
}

/** The sentence for a GPU that the driver cannot reach any more; `how` in nvidia-smi's words. */
export const lost = (how: string): string => `it has fallen off the bus (${how}); a reboot often brings it back`;

const anywhere = (gpu: XmlElement, words: string): boolean =>
  gpu.text.includes(words) || gpu.children.some((child) => child.name !== 'processes' && anywhere(child, words));

/** New drivers: `dram_uncorrectable`, `sram_uncorrectable_parity`, …; before Turing: a total of `double_bit` errors. */
function uncorrectableErrors(counts: XmlElement | null): number {
  if (!counts) return 0;
  const names = counts.children.filter((child) => child.name.includes('uncorrectable'));
  const totals = findAll(counts, 'double_bit').flatMap((both) => find(both, 'total') ?? []);
  return [...names, ...totals].reduce((sum, { text }) => sum + (/^\d+$/.test(text) ? Number(text) : 0), 0);
}
