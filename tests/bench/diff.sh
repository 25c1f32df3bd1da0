#!/bin/sh
# diff.sh - diffs and patches of 1000 small elements, against git and the
# programs.
#
# Peers: one git diff --no-index over the same two trees, and diff -u or patch
# called once for each element, which write nothing through to the disk. Times
# are in milliseconds, the best of a few (programs: one run), and include what
# is said of fsync and sync.
set -eu
PATH=${BIN:-bin}:$PATH
n=${BENCH_CELLS:-1000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

row() { printf '%-44s %12s %12s %8s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b / a }'; }

# best TIMES BEFORE COMMAND - the least milliseconds of COMMAND, shell lines.
best() {
	least=
	for _ in $(seq "$1"); do
		eval "$2"
		start=$(date +%s%N)
		eval "$3"
		took=$(($(date +%s%N) - start))
		[ -n "$least" ] && [ "$took" -ge "$least" ] || least=$took
	done
	awk -v t="$least" 'BEGIN { printf "%.1f", t / 1e6 }'
}

awk -v n="$n" 'BEGIN { print "coords\ttext"; for (i = 0; i < n; i++) {
    printf "%d\t", i; for (k = 0; k < 12; k++)
	printf "%sline %d of %d\\n", k, k * i % 7, i; print "" } }' >a.tsv
awk 'NR > 1 { $0 = NR % 3 ? $0 "one more\\n" : $0; sub(/7line/, "changed") }
    { print }' FS='\t' a.tsv >b.tsv
st-make -o a - <a.tsv >/dev/null
st-make -o b - <b.tsv >/dev/null
st-diff -o d a b >/dev/null

ours=$(best 5 : 'st-diff -p a b >/dev/null')
made=$(best 3 'rm -rf x' 'st-diff -o x a b >/dev/null')
store=$(best 3 'rm -rf x' 'st-diff --store -o x a b >/dev/null')
git=$(best 5 : 'git diff --no-index a/storage b/storage >/dev/null || :')
find a/storage -name data >names
each=$(best 1 : 'while read -r f; do
    diff -u --label data --label data "$f" "b${f#a}" || :; done <names >out')
row what ours peer ratio
row "st-diff -p, $n elements, ms, git diff" "$ours" "$git" \
    "$(ratio "$ours" "$git")"
row 'the same, diff -u for each' "$ours" "$each" "$(ratio "$ours" "$each")"
row 'st-diff --store, packed into one file, git diff' "$store" "$git" \
    "$(ratio "$store" "$git")"
row 'st-diff -o, a tensor on the disk, git diff' "$made" "$git" \
    "$(ratio "$made" "$git")"
row 'the same, diff -u for each' "$made" "$each" "$(ratio "$made" "$each")"

ours=$(best 2 'rm -rf x; cp -r a x; sync' 'st-patch x d >/dev/null')
batch=$(best 3 'rm -rf y; cp -r a y; sync' 'st-patch --batch y d >/dev/null')
cp -r a p
st-pack --store p
packed=$(best 3 'rm -rf q; cp -r p q; sync' 'st-patch --batch q d >/dev/null')
new=$(best 3 'rm -rf v; sync' 'st-patch -o v a d >/dev/null')
dry=$(best 5 : 'st-patch -n a d >/dev/null')
cp -r a z
find d/storage -name data >names
each=$(best 1 : 'while read -r f; do
    patch -s "z${f#d}" "$f"; done <names >out')
for t in x y z v q; do
	st-diff -q $t b || { echo "diff.sh: $t is not b" >&2; exit 1; }
done
row "st-patch, $n elements, fsync each, patch" "$ours" "$each" \
    "$(ratio "$ours" "$each")"
row 'st-patch --batch, one sync at the end, patch' "$batch" "$each" \
    "$(ratio "$batch" "$each")"
row 'the same, packed into one file, patch' "$packed" "$each" \
    "$(ratio "$packed" "$each")"
row 'st-patch -o, one sync at the end, patch' "$new" "$each" \
    "$(ratio "$new" "$each")"
row 'st-patch -n, nothing written, patch' "$dry" "$each" \
    "$(ratio "$dry" "$each")"
