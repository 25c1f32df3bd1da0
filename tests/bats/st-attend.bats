#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

column() {
	st-cat "$1" | sed 1d | cut -f "$2" | paste -sd ' '
}

@test "st-attend: case 75: frames of what each token sees" {
	tensor t '[1, 3]' a b c
	run -0 --separate-stderr st-attend -o r t
	same r
	[ "$(st-shape r)" = '[1, 3]' ]
	[ "$(column r 2)" = "1 2 3" ]
	for i in 0 1 2; do
		[ "$(st-get r 0,$i | grep -c '^index:')" -eq $((i + 1)) ]
	done
	# The same as slice, then merge.
	st-attend --slice -o s t
	st-merge -o m s
	diff -r m/storage r/storage
	diff <(st-cat m) <(st-cat r)
}

@test "st-attend: case 76: joined by newlines" {
	tensor t '[1, 3]' a b c
	st-attend --concat -o r t
	[ "$(column r 3)" = 'a a\nb a\nb\nc' ]
	[ "$(column r 2)" = "1 1 1" ]
	printf 'a\nb' | cmp - r/storage/1/data
}

@test "st-attend: case 77: a mask of other numbers than 0 and 1" {
	tensor t '[1, 2]' a b
	st-mask -o m t
	st-set -k -c .5 m 0,1,0
	run -2 --separate-stderr st-attend -m m -o r t
	[ "$stderr" = "st-attend: m[0,1,0]: coefficient 0.5: a mask is made of 0 and 1" ]
	[ ! -e r ]
}

@test "st-attend: case 77: a mask of another shape, tokens of one dimension" {
	tensor t '[1, 2]' a b
	tensor m '[1, 2]' 1 1
	run -2 --separate-stderr st-attend -m m -o r t
	[ "$stderr" = "st-attend: m [1, 2] and a mask [1, 2, 2]: shapes differ" ]
	tensor u '[2]' a b
	for how in -c -s ''; do
		run -2 --separate-stderr st-attend $how -o r u
		[ "$stderr" = "st-attend: u: [2]: tokens have the shape [batch, length]" ]
	done
	[ ! -e r ]
}

@test "st-attend: case 78: the numbers of a gradient" {
	tensor t '[1, 2]' a b
	printf 'coords\tcoeff\ttext\n0,0,0\t2\tx\n0,1,0\t4\tx\n0,1,1\t6\tx\n' |
	    st-make -o g -s '[1, 2, 2]' -
	st-attend --grad g -o r t
	[ "$(st-shape r)" = '[1, 2]' ]
	[ "$(column r 2)" = "3 3" ]
	# What the mask hides does not count; a sum of 0 is absent.
	printf 'coords\tcoeff\ttext\n0,0,1\t8\tx\n0,0,0\t1\tx\n' |
	    st-make -o h -s '[1, 2, 2]' -
	st-attend --grad h -o q t
	[ "$(column q 2)" = "0.5 0" ]
	[ ! -e q/storage/1/data ]
	run -2 --separate-stderr st-attend --grad t t
	[ "$stderr" = "st-attend: t [1, 2] and a gradient [1, 2, 2]: shapes differ" ]
}

@test "st-attend: a slice copies or links what is seen" {
	printf 'coords\tcoeff\ttext\n0,0\t.5\ta\n0,1\t1\tb\n' | st-make -o t -
	st-attend -s -o c t
	[ "$(st-shape c)" = '[1, 2, 2]' ]
	[ "$(column c 2)" = "1 0 1 1" ]
	[ "$(column c 3)" = "a  a b" ]
	[ ! -L c/storage/2/data ]
	st-attend -s -v -o v t
	diff <(st-cat c) <(st-cat v)
	[ "$(readlink v/storage/2/data)" = ../../../t/storage/0/data ]
}

@test "st-attend: padding sees nothing and is not seen" {
	printf 'coords\ttext\n0,1\tb\n1,0\tc\n' | st-make -o t -s '[2, 2]' -
	st-attend -c -o r t
	[ "$(column r 3)" = " b c " ]
	[ ! -e r/storage/0/data ]
	[ ! -e r/storage/3/data ]
	st-attend -o m t
	[ "$(st-get m 0,1 | grep ^index)" = "index: 1" ]
}

@test "st-attend: a mask decides, not the order" {
	tensor t '[1, 2]' a b
	printf 'coords\ttext\n0,0,1\t1\n' | st-make -o m -s '[1, 2, 2]' -
	st-attend -c -m m -o r t
	[ "$(column r 3)" = "b " ]
}

@test "st-attend: options that exclude each other" {
	tensor t '[1, 2]' a b
	for o in '-c -s' '-s -g t' '-v' '-c -v'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr st-attend $o t
		[[ $stderr == usage:* ]]
	done
}
