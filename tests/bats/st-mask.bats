#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-mask: case 74: the causal mask of [T, T, F]" {
	printf 'coords\ttext\n0,0\ta\n0,1\tb\n' | st-make -o t -s '[1, 3]' -
	run -0 st-mask -o m t
	same m
	[ "$(st-shape m)" = '[1, 3, 3]' ]
	[ "$(st-cat m | sed 1d | cut -f 2 | paste -sd ' ')" = "1 0 0 1 1 0 0 0 0" ]
}

@test "st-mask: a token with coefficient 0 is padding, in each sequence" {
	printf 'coords\tcoeff\ttext\n0,0\t0\ta\n0,1\t1\tb\n1,0\t.5\tc\n' |
	    st-make -o t -s '[2, 2]' -
	st-mask -o m t
	[ "$(st-cat m | sed 1d | cut -f 2 | paste -sd ' ')" = "0 0 1 1 1 0 0 0" ]
}

@test "st-mask: tokens have two dimensions" {
	tensor t '[3]' a b c
	run -2 --separate-stderr st-mask -o m t
	[ "$stderr" = "st-mask: t: [3]: tokens have the shape [batch, length]" ]
	[ ! -e m ]
	tensor e '[2, 0]'
	st-mask -o m e
	[ "$(st-shape m)" = '[2, 0, 0]' ]
}
