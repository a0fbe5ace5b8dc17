/** What is loaded into the shells. All that is known of dstack is asked of it (complete.ts), so that they never grow old. */
export type Shell = 'bash' | 'zsh';
export const shells: readonly Shell[] = ['bash', 'zsh'];

const bash = `# Completion of dstack for bash (4 or newer). Written by \`dstack completion bash\`.
_dstack() {
  local IFS=$'\\n' program=$1 kind='' line
  [[ $program == '~/'* ]] && program=$HOME/\${program#'~/'}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <("$program" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  case $kind in
    files) compopt -o default ;;
    dirs) compopt -o dirnames ;;
  esac
}
complete -F _dstack dstack
`;

const zsh = `#compdef dstack
# Completion of dstack for zsh. Written by \`dstack completion zsh\`.
_dstack() {
  local program=\${words[1]/#\\~\\//$HOME/}
  local -a lines
  lines=("\${(@f)$("$program" __complete zsh "\${(@Q)words[1,CURRENT]}" 2>/dev/null </dev/null)}")
  case $lines[1] in
    files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
    dirs) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
    words) shift lines; compadd -a lines ;;
  esac
}
if [[ $funcstack[1] == _dstack ]]; then
  _dstack "$@"
else
  compdef _dstack dstack
fi
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh };
