# How the scripts speak: what they do on standard error, so that standard output is what was asked for. Sourced; needs nothing.

say() { printf '%s\n' "$*" >&2; }
step() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
