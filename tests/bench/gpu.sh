#!/bin/sh
# gpu.sh - the device's kernels: that every compiler here takes them, and, on
# a GPU, that they are right and how fast they are.
#
# For each of hip and cuda that has a device: each kernel against the plain C,
# a training against the CPU's, products by the vendor's library against ours
# and against copying their numbers once, throughput of a large model, and bits
# per byte after $BENCH_SECONDS (300) on $BENCH_TEXT (a text of this machine).
set -eu
PATH=${BIN:-bin}:$PATH
B=${B:-build}
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
value() { sed -n "s/^$1: *//p"; }

compiles() { # WHAT COMMAND...
	what=$1
	shift
	if ! command -v "$1" >"$dir/where"; then
		echo "$what: skipped: no $1"
	elif "$@" -O3 -o "$dir/code" "$here/kernels/ffn.hip" 2>"$dir/log"; then
		echo "$what: $(stat -c %s "$dir/code") bytes"
	else
		echo "$what: failed" && cat "$dir/log" && exit 1
	fi
}
PATH=$PATH:/usr/local/cuda/bin:/opt/rocm/bin
compiles 'nvcc, sm_90' nvcc -x cu -arch=sm_90 -fatbin
compiles 'nvcc, all-major' nvcc -x cu -arch=all-major -fatbin
for arch in gfx906 gfx908 gfx90a gfx940 gfx1030; do
	compiles "hipcc, $arch" hipcc --genco --offload-arch=$arch
done

text=${BENCH_TEXT:-}
if [ -z "$text" ]; then
	text=$dir/text
	find /usr/share/perl /usr/share/doc /usr/lib/python3* -type f \
	    \( -name '*.pod' -o -name '*.p[lmy]' -o -name '*.txt' \) -print0 \
	    2>/dev/null | LC_ALL=C sort -z | xargs -0 cat 2>/dev/null |
	    head -c 9000000 >"$text"
fi
bytes=$(stat -c %s "$text")
tail -c $((bytes / 33)) "$text" >"$dir/val"
head -c $((bytes - bytes / 33)) "$text" >"$dir/train"

measure() {
	make -C "$here" "B=$B" "$B/unit/kerngpu" >"$dir/log"
	for gemm in auto own; do
		LU_GEMM=$gemm "$B/unit/kerngpu" device
		LU_GEMM=$gemm "$B/bench/products"
	done
	for on in cpu "$LU_DEVICE"; do
		LU_DEVICE=$on ffn-train -n 200 --precision fp32 -v "$dir/val" \
		    -o "$dir/m" "$dir/train" | value val_bpb |
		    sed "s/^/200 steps on $on: val_bpb /"
	done
	for gemm in own auto tf32; do
		for size in small large xl; do
			LU_GEMM=$gemm ffn-train -b 20 --size $size \
			    --batch 8192 --summary isis -o "$dir/m" \
			    "$dir/train" >"$dir/out" 2>"$dir/err" || {
				echo "$size, $gemm: $(cat "$dir/err")"
				continue
			}
			awk -v what="$size, $gemm" '
			    { v[$1] = $2 }
			    END { printf "%s: %.3f MB/s, %s %% of peak\n", what,
			        v["total_tokens_m:"] / v["training_seconds:"],
			        v["mfu_percent:"] }' "$dir/out"
		done
	done
	ffn-train -b "${BENCH_SECONDS:-300}" -v "$dir/val" -o "$dir/m" \
	    "$dir/train"
}

head -c 200000 "$dir/val" >"$dir/some"
ffn-train -n 1 --summary none -o "$dir/one" "$dir/some"
for LU_DEVICE in hip cuda; do
	export LU_DEVICE
	if bpb-eval -c 64 -m 100 "$dir/one" "$dir/val" >"$dir/log" 2>&1; then
		measure
	else
		echo "$LU_DEVICE: skipped: $(cat "$dir/log")"
	fi
done
