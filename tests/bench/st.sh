#!/bin/sh
# st.sh - speed of tensor directories, against peers in one run.
#
# Peers: tar, unpacking the same tree, and synchronising it as st-make does;
# the tree itself, for the packed form; /bin/true, for the start of a tool.
# In $TMPDIR, or here: the file system decides.
set -eu
PATH=${BIN:-bin}:$PATH
LC_ALL=C
export LC_ALL
cells=${BENCH_CELLS:-100000}
dir=$(mktemp -d "${TMPDIR:-$PWD/build}/bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"

row() { printf '%-44s %12s %12s %8s\n' "$@"; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

awk -v n="$cells" 'BEGIN { print "coords\ttext"
    for (i = 0; i < n; i++) print i "\tthis is the text of element " i }' >in

row what ours peer ratio
t=$(now); st-make -o tree - <in >/dev/null; tree=$(since "$t")
tar cf tree.tar tree
mkdir x
t=$(now); tar xf tree.tar -C x; tar=$(since "$t")
sync -f x; synced=$(since "$t")
row "make $cells files, s, tar -x" "$tree" "$tar" "$(ratio "$tar" "$tree")"
row 'the same, tar -x and sync' "$tree" "$synced" "$(ratio "$synced" "$tree")"

t=$(now); st-make --store -o packed - <in >/dev/null; packed=$(since "$t")
row 'make them packed, s, as files' "$packed" "$tree" \
    "$(ratio "$tree" "$packed")"
t=$(now); st-cat packed >a; one=$(since "$t")
t=$(now); st-cat tree >b; many=$(since "$t")
cmp a b
row 'read them packed, s, as files' "$one" "$many" "$(ratio "$many" "$one")"

t=$(now); i=0
while [ $((i += 1)) -le 300 ]; do st-shape packed >/dev/null; done
ours=$(awk -v t="$(since "$t")" 'BEGIN { printf "%.2f", t / 0.3 }')
t=$(now); i=0
while [ $((i += 1)) -le 300 ]; do /bin/true >/dev/null; done
true=$(awk -v t="$(since "$t")" 'BEGIN { printf "%.2f", t / 0.3 }')
row 'start st-shape, ms, /bin/true' "$ours" "$true" "$(ratio "$true" "$ours")"
