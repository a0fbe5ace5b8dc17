/**
 * A daemon lives for months and does little at a time. Node's compilers optimise what was called a few hundred times, which a handful of runs already is: that
 * takes 8 MB for the compilers themselves and gains nothing. So they wait 300 times as long; a loop that is really hot (masking a log) is optimised all the
 * same, while it runs. (Flags of V8, known from Node 22 to 26; one that did not know them would say so in its log.)
 */
export function optimiseLater(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--invocation-count-for-turbofan=1000000');
  setFlagsFromString('--invocation-count-for-maglev=100000');
}
