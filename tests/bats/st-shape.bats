#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-shape: a line for each tensor" {
	tensor t '[2, 3]'
	tensor u '[ 4,5 ]'
	tensor s '[]'
	tensor z '[3, 0]'
	run -0 --separate-stderr st-shape t u s z
	same $'[2, 3]\n[4, 5]\n[]\n[3, 0]'
	run -0 st-shape -c <<<$'t\nu\ns\nz'
	same $'6\n20\n1\n0'
	run -0 st-shape -lN t s
	same $'t\t[2, 3]\t2\t6\ns\t[]\t0\t1'
	run -0 st-shape -j t
	same '{"tensor":"t","shape":"[2, 3]","rank":2,"count":6}'
}

@test "st-shape: what is no tensor is named" {
	mkdir none many big
	echo '[1,2' >none/shape
	echo '[1,1,1,1,1,1,1,1,1]' >many/shape
	echo '[1099511627776, 2]' >big/shape
	tensor t '[1]'
	for t in none many big nosuch; do
		fails_cleanly st-shape "$t"
		[ "$status" -eq 2 ]
		[[ $stderr == "st-shape: $t"[:/]* ]]
	done
	run -2 --separate-stderr st-shape none t many
	same '[1]'
}
