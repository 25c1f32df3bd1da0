#!/usr/bin/env bats
# Manual pages and README: what they say is so.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# page [LINE...] - a manual page t.1 whose EXAMPLES have one literal block.
page() {
	{
		printf '%s\n' '.Sh EXAMPLES' 'Text.' '.Bd -literal -offset indent'
		printf '%s\n' "$@"
		printf '%s\n' '.Ed' '.Sh SEE ALSO'
	} >t.1
}

@test "man: the examples of all pages print what the pages say" {
	run -0 "$ROOT/scripts/dev/man-examples" "$ROOT"/man/*.[1-9]
	[[ ${lines[-1]} =~ ^[1-9][0-9]*\ pages,\ [0-9]+\ examples,\ 0\ wrong$ ]]
}

@test "man: every page is free of lint" {
	run -0 mandoc -T lint -W warning "$ROOT"/man/*.[1-9]
	same ""
}

@test "man-examples: a true transcript passes" {
	page "\$ printf 'a\\eb\\&c\\en'; false" "a$(printf '\b')c" '$ x=1' \
	    '$ for i in 1 2; do' '> echo $x$i; done' 11 12 '$ pwd | grep -c dir' 1 \
	    "\$ echo 'it''s'" its '$ ls' '$ echo bad >&2' bad
	run -0 "$ROOT/scripts/dev/man-examples" t.1 t.1
	same "2 pages, 2 examples, 0 wrong"
}

@test "man-examples: a false or a longer or a missing line fails" {
	for out in 'b' 'a
b' ''; do
		page '$ echo a' "$out" '$ echo z' z
		run -1 "$ROOT/scripts/dev/man-examples" t.1
		[[ $output == *"1 pages, 1 examples, 1 wrong" ]]
	done
}

@test "man-examples: a block without commands is only shown" {
	page 'ffn-train' 'no such thing'
	run -0 "$ROOT/scripts/dev/man-examples" t.1
	same "1 pages, 0 examples, 0 wrong"
}

@test "man-examples: a page that is not there is an error" {
	run ! "$ROOT/scripts/dev/man-examples" none.1
	run -2 "$ROOT/scripts/dev/man-examples"
}

@test "man: learnutils(7) lists the codes of exitcode.h with their meaning" {
	sed -n 's/^ *X(X_[A-Z]*, \([0-9]*\), "\(.*\)").*/\1 \2/p' \
	    "$ROOT/lib/common/exitcode.h" >want
	[ "$(wc -l <want)" -ge 10 ]
	awk '/^\.Sh/ { on = /EXIT STATUS/ }
	    on && /^\.It [0-9]/ { printf "%s ", $2; getline; print }' \
	    "$ROOT/man/learnutils.7" >got
	diff want got
}

@test "man: the tables of tools are up to date" {
	run -0 "$ROOT/scripts/dev/tools-table" -c
	same ""
}

@test "man: cross references lead to pages that exist" {
	for ref in $(sed -n 's/^\.\(It \)\{0,1\}Xr \([a-z0-9-]*\) \([1-9]\).*/\2.\3/p' \
	    "$ROOT"/man/*.[1-9] | sort -u); do
		case $ref in
		ar-* | bpb-* | ffn-* | learnutils.* | study.*)
			[ -e "$ROOT/man/$ref" ] || { echo "$ref"; missing=1; } ;;
		esac
	done
	[ -z "${missing-}" ]
}

@test "man: what the README and its like link to exists" {
	for f in README.md AGENTS.md CONTRIBUTING.md CLAUDE.md GEMINI.md; do
		for to in $(grep -Eo '\]\([^)#:]*\)' "$ROOT/$f" | tr -d ']()'); do
			[ -e "$ROOT/$to" ] || { echo "$f: $to"; missing=1; }
		done
	done
	[ -z "${missing-}" ]
	[ "$(wc -l <"$ROOT/AGENTS.md")" -le 120 ]
}
