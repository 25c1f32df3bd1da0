#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-fork: two views by default, each with its own coefficients" {
	tensor t '[2]' a b
	run -0 --separate-stderr st-fork -o v t
	same "$(printf 'v.0\nv.1')"
	[ "$(readlink v.1/storage/0/data)" = ../../../t/storage/0/data ]
	diff <(st-cat t) <(st-cat v.1)
	st-set -k -c .5 v.0 1
	[ "$(st-cat v.0 | tail -1)" = "$(printf '1\t0.5\tb')" ]
	diff <(st-cat t) <(st-cat v.1)
}

@test "st-fork: as many as are wanted, with fresh names" {
	tensor t '[1]' a
	run -0 st-fork -n 3 t
	[ "${#lines[@]}" -eq 3 ]
	[ "$(sort -u <<<"$output" | wc -l)" -eq 3 ]
	for v in "${lines[@]}"; do
		[ "$(st-get "$v" 0)" = a ]
	done
	run -2 st-fork -n 0 t
}

@test "st-fork: all or none" {
	tensor t '[1]' a
	mkdir -p v.1/x
	run -2 --separate-stderr st-fork -n 3 -o v t
	[ "$stderr" = "st-fork: v.1: exists already" ]
	[ "$(ls -A)" = "$(printf 't\nv.1')" ]
}
