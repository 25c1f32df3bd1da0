#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/d"
	cd "$BATS_TEST_TMPDIR/d" || exit
}

# bytes FILE - what is in it, newlines too.
bytes() {
	od -An -c "$1" | tr -s ' '
}

# The directory of the test is empty.
nothing_left() {
	[ -z "$(ls -A)" ] || { ls -A; return 1; }
}

@test "st-make: case 1: a scalar" {
	run -0 --separate-stderr st-make -o t -s '[]' x
	same t
	[ "$(cat t/shape)" = '[]' ]
	[ "$(find t/storage -type f)" = t/storage/0/data ]
	[ "$(cat t/storage/0/data)" = x ]
}

@test "st-make: cases 2, 3: the shape is JSON without a newline" {
	st-make -o t a b
	[ "$(bytes t/shape)" = ' [ 2 ]' ]
	st-make -o u -s '[2, 3]' a b c d e f
	[ "$(bytes u/shape)" = ' [ 2 , 3 ]' ]
	[ "$(cat u/storage/5/data)" = f ]
}

@test "st-make: cases 4, 5: dimensions of 0 have no storage" {
	st-make -o t -i <<<'[]'
	[ "$(cat t/shape)" = '[0]' ]
	st-make -o u -i <<<'[[],[],[]]'
	[ "$(cat u/shape)" = '[3, 0]' ]
	run -0 ls -A t u
	[ "$(grep -cx shape <<<"$output")" -eq 2 ]
	[[ $output != *storage* ]]
}

@test "st-make: case 7: element 11 is not element 1" {
	st-make -o t $(seq -f 'item_%g' 0 11)
	[ "$(cat t/storage/1/1/data)" = item_11 ]
	[ "$(cat t/storage/1/data)" = item_1 ]
	[ "$(cat t/storage/1/0/data)" = item_10 ]
}

@test "st-make: case 9: null is no file, an empty string is an empty one" {
	st-make -o t -i <<<'["a", null, ""]'
	[ ! -e t/storage/1/data ]
	[ -f t/storage/2/data ]
	[ ! -s t/storage/2/data ]
	run -0 st-cat t
	same $'coords\tcoeff\ttext\n0\t1\ta\n1\t0\t\n2\t1\t'
}

@test "st-make: case 10: ragged lists are refused and leave nothing" {
	fails_cleanly st-make -i -o t <<<'[["a","b"],["c"]]'
	[ "$status" -eq 2 ]
	[[ $stderr == *"Expected length 2, got 1"* ]]
	nothing_left
	for bad in '["a",["b"]]' '[["a"],"b"]' '[[],"a"]' '[1]' '["a",]' '["a"' \
	    '"a" "b"' '' '["\ud800"]' '["\u0000"]' '["a	b"]' \
	    '[[[[[[[[["a"]]]]]]]]]'; do
		fails_cleanly st-make -i -o t <<<"$bad"
		[ "$status" -eq 2 ]
		nothing_left
	done
}

@test "st-make: case 11: a shape alone" {
	run -0 st-make -o t -s '[2, 2]'
	[ "$(ls -A t)" = shape ]
	run -0 st-cat -mN t
	[ "${#lines[@]}" -eq 4 ]
}

@test "st-make: case 12: links are relative and are read" {
	mkdir e
	echo text >e/file
	st-make -l -o t e/file
	[ "$(readlink t/storage/0/data)" = ../../../e/file ]
	run -0 st-get t 0
	same text
}

@test "st-make: case 13: a missing file is an absent element, with a warning" {
	echo a >a
	run -0 --separate-stderr st-make -f -o t a nosuch
	same t
	[[ $stderr == "st-make: nosuch: "* ]]
	run -0 st-cat t
	same $'coords\tcoeff\ttext\n0\t1\ta\\n\n1\t0\t'
	run -0 --separate-stderr st-make -l -o u a nosuch
	[[ $stderr == "st-make: nosuch: "* ]]
	run -1 st-get -q u 1
	run -0 st-get -c u 1
	same 0
	echo now >nosuch
	run -0 st-get u 1
	same now
	run -0 st-get -c u 1
	same 1
}

@test "st-make: case 14: UTF-8, CRLF and other bytes are kept" {
	printf 'a\r\n\xe4\xb8\x96 \xff\r\n' >f
	st-make -f -o t f
	cmp f t/storage/0/data
	st-cat t | st-make -o u -
	cmp f u/storage/0/data
	st-make -i -o v <<<'["\u4e16\r\n\ud83d\ude00\"\\\/"]'
	printf '\xe4\xb8\x96\r\n\xf0\x9f\x98\x80"\\/' | cmp - v/storage/0/data
}

@test "st-make: case 15: fresh names are random UUIDs" {
	run -0 st-make a
	one=$output
	[[ $one =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
	run -0 st-make a
	[ "$output" != "$one" ]
	[ -d "$one" ] && [ -d "$output" ]
}

@test "st-make: a table comes back as it was" {
	perl -e 'print "coords\tcoeff\ttext\n"; srand 3; for $i (0 .. 49) {
	    $_ = join "", map { chr(1 + int rand 255) } 1 .. int rand 40;
	    $c = length ? (1, 0.5, 0, -3e-7)[$i % 4] : $i % 3;
	    s/\\/\\\\/g; s/\t/\\t/g; s/\n/\\n/g; print "$i\t$c\t$_\n" }' >want
	st-make -o t - <want
	run -0 cmp <(st-cat t) want
	sort -r want | grep -av coords >rows
	{ head -n 1 want; cat rows; } | awk -F '\t' -v OFS='\t' \
	    '{ print $3, "x", $1, $2 } ' | sed '1s/\tx\t/\tother\t/' | st-make -o u -
	run -0 cmp <(st-cat u) want
}

@test "st-make: absent and empty in tables" {
	printf 'coords\tcoeff\ttext\n0\t0\t\n1\t1\t\n2\t\t\n3\t\tx\n4\t0\tx\n' |
	    st-make -o t -
	run -0 st-cat -N t
	same $'0\t0\t\n1\t1\t\n2\t0\t\n3\t1\tx\n4\t0\tx'
	printf 'coords\ttext\n2\t\n' | st-make -o u -
	run -0 st-cat -N u
	same $'0\t0\t\n1\t0\t\n2\t1\t'
	printf 'coords\n1,0\n0,2\n' | st-make -o v -
	run -0 st-cat -Np v
	same $'0,2\t1\t\n1,0\t1\t'
	run -0 st-shape v
	same '[2, 3]'
	printf 'coords\ttext\n' | st-make -o w -
	run -0 st-shape w
	same '[0]'
	printf 'coords\ttext\n\tx\n' | st-make -o x -
	run -0 st-shape x
	same '[]'
	printf 'coords\ttext\n-1\tx' | st-make -o y -s '[3]' -
	run -0 st-get y 2
	same x
}

@test "st-make: wrong tables are refused with their line, and leave nothing" {
	check() { # INPUT MESSAGE [OPTION...]
		printf "$1" >../in
		want=$2
		shift 2
		fails_cleanly st-make -o t "$@" - <../in
		[ "$status" -eq 2 ] && [[ $stderr == "st-make: stdin:$want"* ]] ||
			{ echo "$stderr"; return 1; }
		nothing_left
	}
	check 'a\tb\n0\tx\n' '1: no column coords'
	check '' '1: no column coords'
	check 'coords\ttext\n0\tx\n1\n' '3: 1 fields'
	check 'coords\ttext\n0\tx\n0,1\ty\n' '3: 0,1: '
	check 'coords\ttext\nx\tx\n' '2: x: '
	check 'coords\ttext\n-1\tx\n' '2: -1: '
	check 'coords\tcoeff\ttext\n0\tone\tx\n' '2: coeff one'
	check 'coords\tcoeff\ttext\n0\tnan\tx\n' '2: coeff nan'
	check 'coords\ttext\n0\tx\n2\ty\n' '3: [2]: ' -s '[2]'
	check 'coords\ttext\n0\tx\000y\n' '2: a NUL'
	check 'coords\ttext\n9999999999999999999999\tx\n' '2: '
}

@test "st-make: wrong shapes, names and operands are refused" {
	for args in "-s [2] a" "-s [2 a b" "-s [-1]" "-s [1,1,1,1,1,1,1,1,1] a" \
	    "-f -l a" "-i a" "" "-s [9999999999,9999999999]"; do
		# shellcheck disable=SC2086
		fails_cleanly st-make -o t $args </dev/null
		[ "$status" -eq 2 ]
		nothing_left
	done
	mkdir full empty
	echo mine >full/file
	fails_cleanly st-make -o full a
	[ "$stderr" = "st-make: full: exists already" ]
	[ "$(cat full/file)" = mine ]
	fails_cleanly st-make -o nosuch/t a
	run -0 st-make -o empty/ a
	run -0 st-get empty 0
	same a
}
