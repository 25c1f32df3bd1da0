#!/bin/sh
# ffn.sh - speed and quality of the small model, against peers in one run.
#
# Peers: the plain loops of kernels/ref.c for a training step of the original's
# small model; xz, given the same training text, for bits per byte; PyTorch,
# where python3-torch is installed, for the same model and batch. Text:
# $BENCH_TEXT, or the manual pages and documents of this machine.
set -eu
PATH=${BIN:-bin}:$PATH
budget=${BENCH_SECONDS:-20}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

if [ -n "${BENCH_TEXT:-}" ]; then
	cat "$BENCH_TEXT" >"$dir/full"
else
	find /usr/share/perl /usr/share/doc /usr/lib/python3* -type f \
	    \( -name '*.pod' -o -name '*.p[lmy]' -o -name '*.txt' \) -print0 \
	    2>/dev/null | LC_ALL=C sort -z | xargs -0 cat 2>/dev/null |
	    head -c 9000000 >"$dir/full"
fi
bytes=$(stat -c %s "$dir/full")
tail -c $((bytes / 33)) "$dir/full" >"$dir/val"
head -c $((bytes - bytes / 33)) "$dir/full" >"$dir/train"

value() { sed -n "s/^$1: *//p"; }
row() { printf '%-44s %12s %12s %8s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
rate() { # bytes a second of the block on stdin, batches of $1
	awk -v n="$1" '/^num_steps/ { s = $2 } /^training_s/ { t = $2 }
	    END { printf "%.0f", s * n / t }'
}

row what ours peer ratio
isis=$(ffn-train --compat isis --size small --threads 1 -b 5 -o "$dir/i" \
    "$dir/train" | rate 64)
plain=$("${B:-build}/bench/plain" 2 <"$dir/train")
row 'isis small, bytes/s a core, plain loops' "$isis" "$plain" \
    "$(ratio "$isis" "$plain")"
if python3 -c 'import torch' 2>/dev/null; then
	torch=$(python3 "$here/torch_isis.py" 5 <"$dir/train")
	row 'the same, PyTorch on one thread' "$isis" "$torch" \
	    "$(ratio "$isis" "$torch")"
else
	echo 'the same, PyTorch: python3-torch is not installed'
fi

start=$(date +%s.%N)
bpb-eval --threads 1 "$dir/i" "$dir/val" >"$dir/out"
seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')
speed=$(awk -v n=$((bytes / 33)) -v t="$seconds" 'BEGIN { printf "%.0f", n / t }')
row 'bpb-eval, isis small, bytes/s a core, published' "$speed" 2500 \
    "$(ratio "$speed" 2500)"

ours=$(ffn-train -b "$budget" -v "$dir/val" "$dir/train" | value val_bpb)
alone=$(xz -9e -c "$dir/train" | wc -c)
both=$(cat "$dir/train" "$dir/val" | xz -9e -c | wc -c)
xz=$(awk -v n=$((both - alone)) -v m=$((bytes / 33)) \
    'BEGIN { printf "%.6f", 8 * n / m }')
row "bits per byte after $budget s, xz -9e" "$ours" "$xz" "$(ratio "$xz" "$ours")"
