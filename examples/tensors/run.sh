#!/bin/sh
# run.sh [DIR] - what can be done with tensors of text, from a table to a prompt
#
# Works in DIR, which must not exist (a directory of its own that is removed
# again when none is named), and prints each command and what it prints.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../bin}
PATH=$bin:$PATH
LC_ALL=C
export PATH LC_ALL

case $# in
0)
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	;;
1) dir=$1; mkdir "$dir" ;;
*) echo 'usage: run.sh [DIR]' >&2; exit 2 ;;
esac
cp "$here/rows.tsv" "$dir"
cd "$dir"

title() { printf '\n# %s\n' "$*"; }
show() {
	printf '$ %s\n' "$1"
	sh -c "$1"
}

title 'An experience: rows of query, key and value, made from a table'
cat >rows.awk <<'EOF'
BEGIN { FS = OFS = "\t"; print "coords", "coeff", "text" }
{ for (i = 1; i <= 3; i++) print NR - 1 "," i - 1, 1, $i }
EOF
show 'awk -f rows.awk rows.tsv | st-make -o exp -'
show 'st-shape exp'
show 'st-get exp 1,2'

title 'The rows most like a query, one keyword a line'
show "printf 'files\ncount\n' | st-retrieve -a -k 2 exp"

title 'What should have been there, how far off it is, and the difference'
show 'st-copy -o want exp'
show "echo 'wc -l <FILE' | st-set want 2,2"
show "echo 'tar -x -f FILE' | st-set want -1,-1"
show 'st-edit -m exp want'
show 'st-diff -o grad exp want'
show 'st-get grad 3,2'

title 'Learn from it; the state before is kept'
show "st-history -Ns 'as collected' exp | cut -f 2,5"
show 'st-patch exp grad'
show 'st-edit -m exp want'
show 'st-undo exp'
show 'st-undo -n exp'
show 'st-undo exp'

title 'A tensor in a pipe is a table'
show "st-cat -N exp | awk -F '\t' '\$1 ~ /,2\$/' | sort -k 3 | cut -f 3"
show "st-cat -j exp | jq -r 'select(.text | contains(\"files\")).coords'"
show "st-cat exp | sed 's/FILE/file.txt/g' | st-make -o filled -"
show "st-edit exp filled | awk -F '\t' '\$2 > 0 { print \$1 }'"

title 'A column, as a view: what is written through it is in the experience'
show "st-slice -v -o values exp ':,2'"
show "echo 'cp -p FROM TO' | st-set values 0"
show 'st-get exp 0,2'

title 'One text for a prompt, and back'
show "st-slice -o last values '2:'"
show 'st-pack --nonce K7 -t 1 last'
show 'st-pack last | st-unpack -o again'
show 'st-diff -q last again && echo the same'

title 'All is well'
show 'st-fsck exp want grad filled values last again'
