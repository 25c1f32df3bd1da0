#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-set: replaces the bytes of an element" {
	tensor t '[2]' a b
	head -c 70000 /dev/urandom >new
	run -0 --separate-stderr st-set t 1 <new
	[ -z "$output$stderr" ]
	cmp new t/storage/1/data
	run -0 st-get t 0
	same a
	st-set t 1 </dev/null
	[ -f t/storage/1/data ] && [ ! -s t/storage/1/data ]
}

@test "st-set: makes elements, with their coefficients" {
	tensor t '[2, 20]'
	echo x | st-set -c 0.125 t 1,-1
	[ "$(cat t/storage/3/9/data)" = x ]
	run -0 st-cat -Np t
	same $'1,19\t0.125\tx\\n'
	run -0 st-set -kc -2 t 1,19
	run -0 st-cat -Np t
	same $'1,19\t-2\tx\\n'
	run -1 --separate-stderr st-set -k t 0,0
	[ "$stderr" = "st-set: t[0,0]: absent" ]
	echo y | st-set t 1,19
	run -0 st-cat -Np t
	same $'1,19\t1\ty\\n'
}

@test "st-set: -d makes an element absent" {
	tensor t '[2]' a b
	run -0 st-set -d t 0
	run -0 st-cat -N t
	same $'0\t0\t\n1\t1\tb'
	run -0 st-set -d t 0
	echo c | st-set t 0
	run -0 st-cat -N t
	same $'0\t1\tc\\n\n1\t1\tb'
}

@test "st-set: wrong calls change nothing" {
	tensor t '[1]' a
	for args in "t 1" "t x" "nosuch 0" "t" "t 0 1" "-dk t 0" "-c x t 0" \
	    "-dc 1 t 0" "-c nan t 0"; do
		# shellcheck disable=SC2086
		fails_cleanly st-set $args <<<new
		[ "$status" -eq 2 ]
	done
	run -0 st-get t 0
	same a
}
