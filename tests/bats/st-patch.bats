#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

# one TENSOR TEXT - a tensor of one element; TEXT is a printf format.
one() {
	rm -rf "$1"
	mkdir -p "$1/storage/0" && printf '[]' >"$1/shape"
	# shellcheck disable=SC2059
	printf -- "$2" >"$1/storage/0/data"
}

# patch_is STATUS 'A R F S J' WANT TEXT DIFF [OPTION...] - patching TEXT with
# DIFF exits STATUS with these counts, and leaves WANT.
patch_is() {
	local status=$1 counts=$2 want=$3
	one t "$4" && one d "$5" || return 1
	shift 5
	run "-$status" --separate-stderr st-patch -N "$@" t d || return 1
	[ -z "$stderr" ] || return 1
	same "$(tr ' ' '\t' <<<"$counts")" || return 1
	# shellcheck disable=SC2059
	printf -- "$want" | cmp - t/storage/0/data || return 1
	[ "$counts" = "0 1 0 0 1" ] || [ ! -e t/rej ]
}

@test "st-patch: case 45: a hunk replaces a line" {
	patch_is 0 '1 0 0 0 0' 'bye\n' 'hello world' \
	    '--- data\n+++ data\n@@ -1 +1 @@\n-hello world\n+bye\n'
	patch_is 0 '1 0 0 0 0' 'bye\n' 'hello\n' '@@ -1 +1 @@\n-hello\n+bye'
}

@test "st-patch: case 46: TODO and blank diffs are skipped" {
	for d in TODO '  TODO\n' '' ' \n\n'; do
		patch_is 0 '0 0 0 1 0' 'text' 'text' "$d"
	done
	tensor t '[2]' a b
	tensor d '[2]'
	run -0 st-patch -N t d
	same $'0\t0\t0\t2\t0'
}

@test "st-patch: a diff with the coefficient 0 is skipped" {
	tensor t '[2]' a a
	tensor d '[2]' $'@@ -1 +1 @@\n-a\n+b\n' $'@@ -1 +1 @@\n-a\n+b\n'
	st-set -kc 0 d 0
	run -0 st-patch -N t d
	same $'1\t0\t0\t1\t0'
	run -0 st-cat -N t
	same $'0\t1\ta\n1\t1\tb\\n'
}

@test "st-patch: case 47: a blank text takes what a diff adds" {
	patch_is 0 '1 0 0 0 0' 'x\ny\n' '' '@@ -0,0 +1,2 @@\n+x\n+y'
	patch_is 0 '1 0 0 0 0' 'x\ny\n' ' \n' '@@ -1,2 +1,2 @@\n-a\n-b\n+x\n+y'
	rm -rf t
	tensor t '[1]'
	one d '@@ -0,0 +1 @@\n+x\n'
	printf '[1]' >d/shape
	run -0 st-patch -N t d
	same $'1\t0\t0\t0\t0'
	run -0 st-cat -N t
	same $'0\t1\tx\\n'
}

@test "st-patch: case 48: a cold start keeps the lines with + only" {
	patch_is 0 '1 0 0 0 0' 'x\ny\n' '' \
	    '@@ -1,3 +1,4 @@\n c\n-a\n+x\n+y\n d\n'
	patch_is 0 '1 0 0 0 0' '++ x\ny\n' '' \
	    '--- data\n+++ data\n@@ -0,0 +1,2 @@\n+++ x\n+y\n'
	patch_is 0 '1 0 0 0 0' '++ x\ny\n' '' \
	    '--- data\n+++ data\n@@ -0,0 +1,9 @@\n+++ x\n+y\n'
}

@test "st-patch: case 49: a cold start without such lines is skipped" {
	patch_is 0 '0 0 0 1 0' '' '' '@@ -1,2 +1 @@\n c\n-a\n'
	patch_is 0 '0 0 0 1 0' '\n' '\n' 'I would not change this'
}

@test "st-patch: case 50: a hunk that does not fit changes nothing" {
	patch_is 1 '0 1 0 0 1' 'text' 'text' '@@ -1 +1 @@\n-other\n+new\n'
	run -0 st-get t/rej ''
	same $'@@ -1 +1 @@\n-other\n+new'
	[ "$(cat t/rej/shape)" = '[]' ]
	[ ! -e t/storage/0/data.rej ]
	run -0 st-fsck t
	# what was kept goes when the element takes a diff
	one d '@@ -1 +1 @@\n-text\n+new\n'
	run -0 st-patch t d
	[ ! -e t/rej/storage/0/data ]
}

@test "st-patch: case 51: garbage is rejected, and not kept" {
	patch_is 1 '0 1 0 0 0' 'text' 'text' 'garbage\nof two lines\n'
}

@test "st-patch: case 52: a wrong line of context at the end is fuzz" {
	patch_is 0 '1 0 1 0 0' '1\n2x\n3\nX\n5\n6\n7\n' '1\n2x\n3\n4\n5\n6\n7\n' \
	    '@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+X\n 5\n 6\n'
	patch_is 1 '0 1 0 0 1' '1\n2x\n3\n4\n5\n6\n7\n' '1\n2x\n3\n4\n5\n6\n7\n' \
	    '@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+X\n 5\n 6\n' --fuzz 0
	two='@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+X\n 5\n 6\n 7\n'
	patch_is 1 '0 1 0 0 1' '1\n2x\n3\n4\n5\n6\n7\n' '1\n2x\n3\n4\n5\n6\n7\n' "$two"
	patch_is 0 '1 0 1 0 0' '1\n2x\n3\nX\n5\n6\n7\n' \
	    '1\n2x\n3\n4\n5\n6\n7\n' "$two" -F 2
}

@test "st-patch: case 53: an offset is not fuzz" {
	patch_is 0 '1 0 0 0 0' '0\n0\n1\nX\n3\n' '0\n0\n1\n2\n3\n' \
	    '@@ -1,3 +1,3 @@\n 1\n-2\n+X\n 3\n'
}

@test "st-patch: case 54: all hunks or none" {
	patch_is 1 '0 1 0 0 1' 'a\nb\n' 'a\nb\n' \
	    '@@ -1 +1 @@\n-a\n+A\n@@ -2 +2 @@\n-c\n+C\n'
	patch_is 0 '1 0 0 0 0' 'A\nC\n' 'a\nc\n' \
	    '@@ -1 +1 @@\n-a\n+A\n@@ -2 +2 @@\n-c\n+C\n'
}

@test "st-patch: case 55: what was applied already is rejected" {
	patch_is 1 '0 1 0 0 1' '1\n2x\n3\n' '1\n2x\n3\n' \
	    '@@ -1,3 +1,3 @@\n 1\n-2\n+2x\n 3\n'
	run -1 --separate-stderr st-patch -v t d
	[[ ${stderr_lines[1]} == $'\trejected\thunk 1: applied already' ]]
	# with fuzz it would fit a second time
	patch_is 1 '0 1 0 0 1' '1\n2\nx\nx\n' '1\n2\nx\nx\n' \
	    '@@ -1,3 +1,4 @@\n 1\n 2\n+x\n x\n' -F 3
}

@test "st-patch: case 56: a text may lose its only line" {
	patch_is 0 '1 0 0 0 0' '' 'only' '@@ -1 +0,0 @@\n-only\n'
	[ -e t/storage/0/data ]
	run -0 st-cat -N t
	same $'\t1\t'
}

@test "st-patch: case 57: headers are not needed" {
	patch_is 0 '1 0 0 0 0' 'b\n' 'a' '@@ -1 +1 @@ some function()\n-a\n+b\n'
}

@test "st-patch: case 58: fences and prose around are passed over" {
	h='--- data\n+++ data\n@@ -1 +1 @@\n-a\n+b\n'
	patch_is 0 '1 0 0 0 0' 'b\n' 'a' "Here it is:\n\n\`\`\`diff\n$h\`\`\`\n\nGood."
	patch_is 0 '1 0 0 0 0' 'b\n' 'a' "~~~\n$h~~~\n"
	patch_is 0 '1 0 0 0 0' 'b\n' 'a' \
	    '    @@ -1 +1 @@\n    -a\n    +b\n    \n\nindented'
}

@test "st-patch: case 59: wrong counts are rejected" {
	patch_is 1 '0 1 0 0 0' 'a' 'a' '@@ -1,9 +1,9 @@\n-a\n+b\n'
	patch_is 1 '0 1 0 0 0' 'a\nb' 'a\nb' '@@ -1 +1 @@\n-a\n-b\n+b\n'
}

@test "st-patch: case 60: white space counts" {
	patch_is 1 '0 1 0 0 1' 'a  b' 'a  b' '@@ -1 +1 @@\n-a b\n+c\n'
	patch_is 1 '0 1 0 0 1' 'a\n' 'a\n' '@@ -1 +1 @@\n-a \n+c\n' -F 3
}

@test "st-patch: case 61: a hunk is found further on" {
	patch_is 0 '1 0 0 0 0' '1\n2\n3\nbye\n' '1\n2\n3\nhello\n' \
	    '@@ -1 +1 @@\n-hello\n+bye\n'
}

@test "st-patch: case 62: the line that is named is the first choice" {
	patch_is 0 '1 0 0 0 0' 'd\nD\nd\n' 'd\nd\nd\n' '@@ -2 +2 @@\n-d\n+D\n'
}

@test "st-patch: case 63: other diffs are rejected, nothing is executed" {
	patch_is 1 '0 1 0 0 0' 'a\n' 'a\n' '1d\n'
	patch_is 1 '0 1 0 0 0' 'a\n' 'a\n' '1c\nb\n.\n!touch executed\nw\nq\n'
	patch_is 1 '0 1 0 0 0' 'a\n' 'a\n' '1c1\n< a\n---\n> b\n'
	patch_is 1 '0 1 0 0 0' 'a\n' 'a\n' \
	    '*** x\n--- y\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n'
	patch_is 1 '0 1 0 0 0' '' '' \
	    '*** x\n--- y\n***************\n*** 0 ****\n--- 1 ----\n+ b\n'
	[ ! -e executed ]
}

@test "st-patch: case 64: diff and patch lead from any text to any other" {
	perl -e 'srand 5; my ($a, $b) = ("", "");
	    sub text { join "", map { (qw(a b c d), "", " ", "+", "-- x",
		"++ y", "\r", "\xff", "@@ -1 +1 @@")[rand 12] . "\\n" }
		0 .. rand 12 }
	    for my $f (qw(a b)) { open F, ">", $f; print F "coords\ttext\n";
		for (0 .. 299) { my $t = text(); $t =~ s/\\n$// if rand() < .3;
		    print F "$_\t$t\n"; } }'
	st-make -o s - <a >/dev/null
	st-make -o want - <b >/dev/null
	st-make -o have - <a >/dev/null
	run -0 st-diff -o d have want
	run -0 st-patch -N have d
	[[ $output == *$'\t0\t0\t'*$'\t0' ]]
	run -0 st-diff -q have want
	# each patched element is the wanted one and a last newline
	diff <(st-cat -N have | cut -f 3 | sed 's/\\n$//') \
	    <(st-cat -N want | cut -f 3 | sed 's/\\n$//')
	run -0 st-diff -o back have s
	run -0 st-patch -N have back
	run -0 st-diff -q have s
}

@test "st-patch: case 65: -o makes a new tensor, the old one stays" {
	tensor t '[3]' a $'b\n' c
	tensor d '[3]' $'@@ -1 +1 @@\n-a\n+A\n' $'@@ -1 +1 @@\n-x\n+y\n'
	st-set -kc 0.5 t 0
	st-set -kc 0.25 t 1
	cp -r t before
	run -1 st-patch -N -o u t d
	same $'1\t1\t0\t1\t1'
	diff -r t before
	run -0 st-cat -N u
	same $'0\t0.5\tA\\n\n1\t0.25\tb\\n\n2\t1\tc'
	run -0 st-cat -Np u/rej
	same $'1\t1\t@@ -1 +1 @@\\n-x\\n+y\\n'
	fails_cleanly st-patch -o u t d
	[ "$status" -eq 2 ]
}

@test "st-patch: -n writes nothing" {
	tensor t '[3]' a b ''
	tensor d '[3]' $'@@ -1 +1 @@\n-a\n+A\n' $'@@ -1 +1 @@\n-x\n+y\n' \
	    $'@@ -0,0 +1 @@\n+x\n'
	cp -r t before
	run -1 st-patch -n t d
	same $'applied\trejected\tfuzzed\tskipped\trej_files\n2\t1\t0\t0\t1'
	run -1 st-patch -nj -o u t d
	same '{"applied":2,"rejected":1,"fuzzed":0,"skipped":0,"rej_files":1}'
	[ ! -e u ]
	diff -r t before
}

@test "st-patch: coefficients stay; what was 0 or absent becomes 1" {
	tensor t '[3]' a a
	tensor d '[3]' $'@@ -1 +1 @@\n-a\n+b\n' $'@@ -1 +1 @@\n-a\n+b\n' \
	    $'@@ -0,0 +1 @@\n+b\n'
	st-set -kc -3 t 0
	st-set -kc 0 t 1
	run -0 st-patch t d
	run -0 st-cat -N t
	same $'0\t-3\tb\\n\n1\t1\tb\\n\n2\t1\tb\\n'
}

@test "st-patch: -v says what became of each diff, on stderr" {
	tensor t '[2, 2]' a b c d
	tensor d '[2, 2]' $'@@ -1 +1 @@\n-a\n+A\n' garbage TODO ''
	run -1 --separate-stderr st-patch -v t d
	same $'applied\trejected\tfuzzed\tskipped\trej_files\n1\t1\t0\t2\t0'
	output=$stderr
	same "$(printf '%s\t%s\t%s\n' coords status reason 0,0 applied '' \
	    0,1 rejected 'not a unified diff' 1,0 skipped 'nothing to apply')"
}

@test "st-patch: a view is written through, a link out of the store is not" {
	tensor t '[2]' a b
	tensor d '[1]' $'@@ -1 +1 @@\n-b\n+B\n'
	st-slice -v -o v t 1:2 >/dev/null
	run -0 st-patch v d
	[ -L v/storage/0/data ]
	run -0 st-get t 1
	same B
	mkdir -p out far/storage/0
	echo b >out/file
	mkdir store
	mv d store
	tensor store/far '[1]' x
	ln -sf "$PWD/out/file" store/far/storage/0/data
	for o in "" -f; do
		# shellcheck disable=SC2086
		fails_cleanly st-patch $o store/far store/d
		[ "$status" -eq 2 ]
		[[ $stderr == "st-patch: store/far[0]: "* ]]
	done
	[ "$(cat out/file)" = b ]
	run -0 st-patch -fN -o u store/far store/d
	run -0 st-get u 0
	same B
}

@test "st-patch: --batch does the same" {
	tensor t '[3]' a b ''
	tensor d '[3]' $'@@ -1 +1 @@\n-a\n+A\n' $'@@ -1 +1 @@\n-x\n+y\n' \
	    $'@@ -0,0 +1 @@\n+x\n'
	cp -r t u
	run -1 st-patch t d
	want=$output
	run -1 st-patch --batch u d
	same "$want"
	diff -r t u
}

@test "st-patch: two at once lose nothing" {
	text=$(seq 40)
	tensor t '[3]' "$text" "$text" "$text"
	for i in $(seq 2 4 38); do
		d=$'@@ -'"$i +$i"$' @@\n-'"$i"$'\n+x'"$i"$'\n'
		tensor "d$i" '[3]' "$d" "$d" "$d"
		st-patch t "d$i" >/dev/null &
	done
	wait
	for k in 0 1 2; do
		[ "$(st-get t $k | grep -c x)" -eq 10 ]
	done
}

@test "st-patch: bad input is exit 2 and changes nothing" {
	tensor t '[2]' a b
	tensor d '[3]' $'@@ -1 +1 @@\n-a\n+A\n'
	cp -r t before
	fails_cleanly st-patch t d
	[ "$status" -eq 2 ]
	[ "$stderr" = "st-patch: t has shape [2], d has [3]" ]
	for args in t "t d d" "-F -1 t d" "-F x t d" "t nosuch" "nosuch t"; do
		# shellcheck disable=SC2086
		fails_cleanly st-patch $args
		[ "$status" -eq 2 ]
	done
	printf '[2]' >d/shape
	mkdir elsewhere
	ln -s ../elsewhere t/rej
	printf '@@ -1 +1 @@\n-x\n+A\n' >d/storage/0/data
	fails_cleanly st-patch t d
	[ "$stderr" = "st-patch: t/rej: not a directory" ]
	[ -z "$(ls elsewhere)" ]
	rm t/rej t/.lock
	diff -r t before
}
