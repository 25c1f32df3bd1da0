#!/bin/sh
# ffn.sh - speed and quality of the small model, against peers in one run.
#
# Peers: the plain loops of kernels/ref.c and what was published, for the
# original's small model; sgemm alone, for the products of a step; PyTorch,
# where python3-torch is installed, for the same models and batches; xz, given
# the same training text, for bits per byte. Text: $BENCH_TEXT, or the manual
# pages and documents of this machine. Speeds are bytes a second of one
# processor's time, so that a busy machine changes little.
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


PATH=${B:-build}/bench:$PATH
value() { sed -n "s/^$1: *//p"; }
row() { printf '%-44s %12s %12s %8s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
rate() { # BYTES CMD... - without what starting takes: FIRST is CMD for nothing
	bytes_=$1
	shift
	awk -v n="$bytes_" -v all="$(cputime "$@")" -v first="$first" \
	    'BEGIN { printf "%.0f", n / (all - first) }'
}
python= # one that has torch, which may not be the first
for p in python3 /usr/bin/python3; do
	[ -n "$python" ] || ! "$p" -c 'import torch' 2>/dev/null || python=$p
done
torch() { # ROW OURS SCRIPT ARG...
	what="$1 PyTorch" ours=$2 script=$here/$3
	shift 3
	[ -n "$python" ] || { echo "$what: python3-torch is not installed"; return; }
	peer=$(OPENBLAS_NUM_THREADS=1 "$python" "$script" "$@" <"$dir/train")
	row "$what" "$ours" "$peer" "$(ratio "$ours" "$peer")"
}

row what ours peer ratio
isis='ffn-train --compat isis --size small --threads 1'
first=$(cputime $isis -n 1 -o "$dir/i" "$dir/train")
for p in fp32 bf16; do
	speed=$(rate 96000 $isis --precision $p -n 1501 -o "$dir/i" \
	    "$dir/train")
	row "isis small, $p, published" "$speed" 550 "$(ratio "$speed" 550)"
	[ $p = bf16 ] || fp32=$speed
done
plain=$(plain 2 <"$dir/train")
row 'isis small, fp32, plain loops' "$fp32" "$plain" "$(ratio "$fp32" "$plain")"
torch 'isis small, fp32,' "$fp32" torch_isis.py 5

# "embeddings only": the same products and loops with little to read.
only='--counts none --recent none --repeats none --matches none'
ffn-train --threads 1 -n 300 --summary none -o "$dir/m" "$dir/train"
ffn-train --threads 1 -n 20 $only --summary none -o "$dir/e" "$dir/train"
shape() { # MODEL HIDDEN LAYERS TABLES WIDTH BITS of a checkpoint
	{ ffn-info "$1"; ffn-info -t "$1"; } | awk -F '\t' '{ v[$2] = $3 }
	    $2 == "in" { cols = $3; sub(/.*x/, "", cols) }
	    END { print v["model"], v["hidden"], v["layers"],
	        cols / v["width"], v["width"], v["bits"] }'
}
for m in 'm default model' 'e embeddings only'; do
	name=${m#* } m=$dir/${m%% *}
	roofline "$m" 100 <"$dir/train" >"$dir/roof"
	# shellcheck disable=SC2046 # words are what is wanted
	set -- $(shape "$m")
	while IFS='	' read -r p speed gflops alone share other two; do
		torch "$name, $p," "$speed" torch_ffn.py 6 "$@"
		row "$name, $p, products, GF/s, sgemm" "$gflops" "$alone" "$share%"
		row "$name, $p, outside products" '' '' "$other%"
		row "$name, $p, 2 threads against 1" '' '' "$two"
	done <"$dir/roof"
done

for m in i m; do
	for p in fp32 bf16; do
		first=$(cputime bpb-eval --threads 1 -m 65537 --precision $p \
		    "$dir/$m" "$dir/train")
		speed=$(rate 1966080 bpb-eval --threads 1 -m 2031617 \
		    --precision $p "$dir/$m" "$dir/train")
		[ $m = i ] && peer=2500 || peer=
		row "bpb-eval, $([ $m = i ] && echo isis small || echo \
		    default model), $p${peer:+, published}" "$speed" "$peer" \
		    "${peer:+$(ratio "$speed" 2500)}"
	done
done

ours=$(ffn-train -b "$budget" -v "$dir/val" "$dir/train" | value val_bpb)
alone=$(xz -9e -c "$dir/train" | wc -c)
both=$(cat "$dir/train" "$dir/val" | xz -9e -c | wc -c)
xz=$(awk -v n=$((both - alone)) -v m=$((bytes / 33)) \
    'BEGIN { printf "%.6f", 8 * n / m }')
row "bits per byte after $budget s, xz -9e" "$ours" "$xz" "$(ratio "$xz" "$ours")"
