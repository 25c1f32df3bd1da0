#!/bin/sh
# plan.sh - what --dry-run predicts against what the run then takes.
#
# Memory against the peak, and bytes a second against those of the second half
# of a run of $BENCH_SECONDS; a busy machine shows in the latter. Text:
# $BENCH_TEXT, or the manual pages of this machine.
set -eu
PATH=${BIN:-bin}:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

if [ -n "${BENCH_TEXT:-}" ]; then
	cat "$BENCH_TEXT" >"$dir/train"
else
	find /usr/share/perl /usr/share/doc -type f \( -name '*.pod' -o \
	    -name '*.txt' \) -print0 2>/dev/null | LC_ALL=C sort -z |
	    xargs -0 cat 2>/dev/null | head -c 4000000 >"$dir/train"
fi
head -c 300000 "$dir/train" >"$dir/val"

value() { sed -n "s/^$1: *//p"; }
row() { printf '%-44s %12s %12s %8s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

row what predicted real ratio
while read -r settings; do
	# shellcheck disable=SC2086  # several words
	set -- $settings -v "$dir/val"
	plan=$(ffn-train --dry-run "$@" "$dir/train")
	run=$(ffn-train -b "${BENCH_SECONDS:-20}" --curve "$dir/c" "$@" "$dir/train")
	memory=$(echo "$plan" | value memory_mb)
	peak=$(echo "$run" | value peak_vram_mb)
	row "memory in MiB, $settings" "$memory" "$peak" "$(ratio "$memory" "$peak")"
	speed=$(echo "$plan" | value bytes_per_s)
	real=$(awk -F '\t' 'NR > 1 { t[NR] = $2; n[NR] = $3; if ($2 > t[2]) last = NR }
	    END { half = int(last / 2) + 1
		printf "%.0f", (n[last] - n[half]) / (t[last] - t[half]) }' "$dir/c")
	row "bytes/s, $settings" "$speed" "$real" "$(ratio "$speed" "$real")"
	rm "$dir/c"
done <<'EOF'
--size small
--size small --threads 1
--size medium
--size small --batch 8192
--size large --bits 14 --batch 512
--compat isis --size small
--compat isis --size medium
EOF
