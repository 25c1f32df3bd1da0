#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-stack: case 79: along a new first and a new last axis" {
	tensor t '[2]' a b
	tensor u '[2]' c d
	st-stack -o r t u
	[ "$(st-shape r)" = '[2, 2]' ]
	[ "$(cat r/storage/?/data)" = abcd ]
	for axis in 1 -1; do
		rm -rf r
		st-stack -a $axis -o r t u
		[ "$(st-shape r)" = '[2, 2]' ]
		[ "$(cat r/storage/?/data)" = acbd ]
	done
}

@test "st-stack: case 79: different shapes are named, nothing is left" {
	tensor t '[2]' a b
	tensor u '[2, 1]' c d
	run -2 --separate-stderr st-stack -o r t u
	[ "$stderr" = "st-stack: t [2] and u [2, 1]: shapes differ" ]
	[ "$(ls -A)" = "$(printf 't\nu')" ]
}

@test "st-stack: in the middle of more dimensions" {
	tensor t '[2, 2]' a b c d
	tensor u '[2, 2]' e f g h
	st-stack -a 1 -o r t u t
	[ "$(st-shape r)" = '[2, 3, 2]' ]
	[ "$(st-get r 1,1,0)$(st-get r 0,2,1)$(st-get r 0,1,1)" = gbf ]
}

@test "st-stack: axes from -(n + 1) to n, no others" {
	tensor t '[2]' a b
	for axis in -2 0; do
		st-shape "$(st-stack -a $axis t t t)"
	done >got
	[ "$(sort -u got)" = '[3, 2]' ]
	for axis in 2 -3; do
		run -2 --separate-stderr st-stack -a $axis t
		[ "$stderr" = "st-stack: t: axis $axis is outside -2 to 1" ]
	done
}

@test "st-stack: absent elements stay absent, coefficients are kept" {
	printf 'coords\tcoeff\ttext\n1\t.25\tb\n' | st-make -o t -s '[2]' -
	st-stack -o r t t
	run -0 st-cat r
	same "$(printf '%s\n' 'coords	coeff	text' '0,0	0	' '0,1	0.25	b' \
	    '1,0	0	' '1,1	0.25	b')"
	[ ! -e r/storage/0/data ]
}

@test "st-stack: names on standard input, also with newlines" {
	tensor t '[]' a
	tensor "$(printf 'u\nv')" '[]' b
	printf 't\0u\nv\0' >names
	run -0 st-stack -0 -o r <names
	same r
	[ "$(st-shape r)" = '[2]' ]
	[ "$(st-get r 1)" = b ]
}

@test "st-stack: no tensors, and one that is not there" {
	run -2 --separate-stderr st-stack </dev/null
	[ "$stderr" = "st-stack: no tensors to join" ]
	tensor t '[]' a
	run -2 --separate-stderr st-stack -o r t none
	[ "$stderr" = "st-stack: none: No such file or directory" ]
	[ ! -e r ]
}

@test "st-stack: eight dimensions are the most" {
	tensor t '[1, 1, 1, 1, 1, 1, 1, 1]' a
	run -2 --separate-stderr st-stack t
	[ "$stderr" = "st-stack: more than 8 dimensions" ]
}
