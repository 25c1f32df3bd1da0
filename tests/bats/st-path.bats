#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-path: case 6: a directory for each digit" {
	tensor t '[200]'
	run -0 --separate-stderr st-path t 0 9 10 11 42 100
	same 't/storage/0/data
t/storage/9/data
t/storage/1/0/data
t/storage/1/1/data
t/storage/4/2/data
t/storage/1/0/0/data'
}

@test "st-path: case 8: coordinates in row-major order" {
	tensor t '[2, 3]'
	tensor u '[5, 6, 7]'
	run -0 st-path t 1,2
	same t/storage/5/data
	run -0 st-path u 3,4,1 <<<''
	same u/storage/1/5/5/data
	run -0 st-path u <<<$'0,0,1\n-1,-1,-1'
	same $'u/storage/1/data\nu/storage/2/0/9/data'
}

@test "st-path: bad coordinates do not stop the others" {
	tensor t '[2]'
	run -2 --separate-stderr st-path t 0 2 1
	same $'t/storage/0/data\nt/storage/1/data'
	[ "$stderr" = "st-path: t[2]: coordinate 0 is outside 0 to 1" ]
	fails_cleanly st-path
	fails_cleanly st-path nosuch 0
}

@test "st-path: a packed element has no file" {
	tensor t '[2]' a
	st-pack --store t
	run -1 --separate-stderr st-path t 1
	same ''
	[ "$stderr" = "st-path: t[1]: packed, so it has no file of its own" ]
}
