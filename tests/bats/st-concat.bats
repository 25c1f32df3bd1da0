#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-concat: along the first axis by default, lengths may differ" {
	tensor t '[2, 2]' a b c d
	tensor u '[1, 2]' e f
	tensor z '[0, 2]'
	run -0 st-concat -o r t z u
	same r
	[ "$(st-shape r)" = '[3, 2]' ]
	[ "$(cat r/storage/?/data)" = abcdef ]
}

@test "st-concat: along the last axis" {
	tensor t '[2, 2]' a b c d
	tensor u '[2, 1]' e f
	printf 't\nu\n' | st-concat -a -1 -o r
	[ "$(st-shape r)" = '[2, 3]' ]
	[ "$(cat r/storage/?/data)" = abecdf ]
}

@test "st-concat: other lengths must be equal, and ranks" {
	tensor t '[2, 2]' a b c d
	tensor u '[2, 1]' e f
	tensor v '[2]' e f
	run -2 --separate-stderr st-concat -o r t u
	[ "$stderr" = "st-concat: t [2, 2] and u [2, 1]: shapes differ" ]
	run -2 --separate-stderr st-concat -o r t v
	[ "$stderr" = "st-concat: t [2, 2] and v [2]: shapes differ" ]
	[ ! -e r ]
}

@test "st-concat: an axis out of range, and a scalar" {
	tensor t '[2]' a b
	tensor s '[]' a
	run -2 --separate-stderr st-concat -a 1 t t
	[ "$stderr" = "st-concat: t: axis 1 is outside -1 to 0" ]
	run -2 --separate-stderr st-concat s s
	[ "$stderr" = "st-concat: s: a scalar has no axis" ]
	run -2 --separate-stderr st-concat </dev/null
}

@test "st-concat: absent elements and coefficients" {
	printf 'coords\tcoeff\ttext\n1\t.25\tb\n' | st-make -o t -s '[2]' -
	tensor u '[1]' c
	st-concat -o r u t
	run -0 st-cat r
	same "$(printf '%s\n' 'coords	coeff	text' '0	1	c' '1	0	' '2	0.25	b')"
}
