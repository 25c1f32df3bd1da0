#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-get: prints the bytes of an element, whatever they are" {
	tensor t '[2, 3]' a b c d e f
	head -c 100000 /dev/urandom >t/storage/5/data
	st-get t 1,2 >got
	cmp got t/storage/5/data
	st-get t -1,-1 | cmp - got
	run -0 st-get t 1,0
	same d
	tensor s '[]' scalar
	run -0 st-get s ''
	same scalar
}

@test "st-get: an absent element is exit 1" {
	tensor t '[2]' a
	run -1 --separate-stderr st-get t 1
	same ''
	[ "$stderr" = "st-get: t[1]: absent" ]
	run -1 --separate-stderr st-get -q t 1
	[ -z "$output$stderr" ]
	run -0 st-get -q t 0
	same ''
}

@test "st-get: coefficients" {
	tensor t '[2]' a
	run -0 st-get -c t 0
	same 1
	run -0 st-get -c t 1
	same 0
	printf '%-15.9g\n' 0.25 >t/coeff
	run -0 st-get -c t 0
	same 0.25
}

@test "st-get: bad coordinates name the tensor and the cell" {
	tensor t '[2, 3]' a b c d e f
	for at in 2,0 0,3 -3,0 0 0,0,0 '' x 1,x '0,1,' 0x1,0 1.0,2 ' 1,1' '+1,1' \
	    99999999999999999999,0; do
		fails_cleanly st-get t "$at"
		[ "$status" -eq 2 ]
	done
	fails_cleanly st-get t 0,3
	[ "$stderr" = "st-get: t[0,3]: coordinate 1 is outside 0 to 2" ]
	tensor z '[0]'
	fails_cleanly st-get z 0
	[ "$stderr" = "st-get: z[0]: dimension 0 is empty" ]
}
