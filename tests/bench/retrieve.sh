#!/bin/sh
# retrieve.sh - the three best rows of an experience: a plain tree, an index,
# and a million rows beside SQLite's full-text search.
#
# Peers: tests/bench/naive.c for a scan over the same files; the FTS5 index of
# sqlite3, where it is installed, over the same texts (an OR of the same
# keywords, the best three by its rank). Times are milliseconds, the least of
# a few; ours are of whole processes, sqlite3's of the query alone. Half the
# keywords asked for are common ones.
set -eu
PATH=$(realpath "${BIN:-bin}"):$(realpath "${B:-build}")/bench:$PATH
small=${BENCH_ROWS:-5000}
large=${BENCH_LARGE:-1000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

row() { printf '%-44s %12s %12s %8s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b / a }'; }

# best TIMES EACH COMMAND - the least milliseconds of one COMMAND, of TIMES
# rounds of EACH.
best() {
	least=
	for _ in $(seq "$1"); do
		start=$(date +%s%N)
		k=0
		while [ "$k" -lt "$2" ]; do
			eval "$3"
			k=$((k + 1))
		done
		took=$(($(date +%s%N) - start))
		[ -n "$least" ] && [ "$took" -ge "$least" ] || least=$took
	done
	awk -v t="$least" -v n="$2" 'BEGIN { printf "%.2f", t / n / 1e6 }'
}

# rows N WORDS - N rows of 3 to 9 keywords, the common ones more often; key
# and value are short texts when N is small.
rows() {
	awk -v n="$1" -v words="$2" -v all=$(($1 <= 100000)) 'BEGIN {
	    srand(1)
	    print "coords\tcoeff\ttext"
	    for (r = 0; r < n; r++) {
		split("", seen)
		printf "%d,0\t1\t", r
		for (i = 3 + int(7 * rand()); i > 0; i--) {
		    w = int(exp(log(words) * rand()))
		    if (!(w in seen)) printf "keyword%d\\n", w
		    seen[w] = 1
		}
		print ""
		if (all) printf "%d,1\t1\tkey %d\n%d,2\t1\tvalue %d\n", r, r, r, r
	    } }'
}

printf 'keyword%s\n' 2 7 31 400 2100 >query
rows "$small" 3000 | st-make -o exp -s "[$small, 3]" - >/dev/null
st-retrieve -N -k 3 exp query >want

row what ours peer ratio
ours=$(best 7 1 'st-retrieve -k 3 exp query >/dev/null')
peer=$(best 5 1 'naive exp "$small" <query >first')
head -n 1 want | cmp -s - first ||
	{ echo 'retrieve.sh: the scans do not agree' >&2; exit 1; }
row "$small rows, plain tree, ms, naive C" "$ours" "$peer" \
    "$(ratio "$ours" "$peer")"
row 'the same, the bar' "$ours" 40 "$(ratio "$ours" 40)"

st-index exp
with=$(best 7 50 'st-retrieve -k 3 exp query >/dev/null')
none=$(best 7 50 'st-shape exp >/dev/null')
st-retrieve -N -k 3 exp query | cmp -s - want ||
	{ echo 'retrieve.sh: the index changes the answer' >&2; exit 1; }
row "$small rows, index, the plain scan" "$with" "$ours" \
    "$(ratio "$with" "$ours")"
net=$(awk -v a="$with" -v b="$none" 'BEGIN { printf "%.2f", a - b }')
row 'of which any tool needs (st-shape)' "$with" "$none" \
    "$(ratio "$with" "$none")"
row 'without that, the bar' "$net" 1 "$(ratio "$net" 1)"

rows "$large" 50000 >rows.tsv
st-make --store -o big -s "[$large, 3]" - <rows.tsv >/dev/null
scan=$(best 1 1 'st-retrieve -N -k 3 big query >want')
made=$(best 1 1 'st-index big')
ours=$(best 7 10 'st-retrieve -k 3 big query >/dev/null')
st-retrieve -N -k 3 big query | cmp -s - want ||
	{ echo 'retrieve.sh: the index changes the answer' >&2; exit 1; }
row "$large rows, index, a scan of the store" "$ours" "$scan" \
    "$(ratio "$ours" "$scan")"
row 'the same, the bar' "$ours" 20 "$(ratio "$ours" 20)"
row 'making that index, a scan' "$made" "$scan" "$(ratio "$made" "$scan")"
for _ in 1 2 3; do echo keyword9999 | st-set big 5,0; done
after=$(best 7 10 'st-retrieve -k 3 big query >/dev/null')
row 'after a change, before it' "$after" "$ours" "$(ratio "$after" "$ours")"

if ! sqlite3 :memory: 'create virtual table t using fts5(x)' 2>/dev/null; then
	echo 'the same, SQLite FTS5: sqlite3 with FTS5 is not installed'
	exit
fi
sed '1d; s/\\n/ /g' rows.tsv | cut -f 3 >texts
sqlite3 big.db 'pragma journal_mode = off; pragma synchronous = off' \
    'create virtual table t using fts5(x)' '.mode tabs' '.import texts t' \
    >/dev/null
ask=$(paste -sd '|' query | sed 's/|/ OR /g')
for _ in 1 2 3; do
	echo "select rowid from t where t match '$ask' order by rank limit 3;"
done >ask.sql
peer=$(sqlite3 big.db '.timer on' '.read ask.sql' |
    sed -n 's/.*real \([0-9.]*\).*/\1/p' | sort -g |
    awk 'NR == 1 { printf "%.2f", $1 * 1000 }')
row "$large rows, SQLite FTS5" "$ours" "$peer" "$(ratio "$ours" "$peer")"
