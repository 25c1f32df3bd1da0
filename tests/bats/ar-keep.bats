#!/usr/bin/env bats
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-keep: moves the branch to a discarded experiment, once" {
	toy
	trusting
	try 2
	run -0 --separate-stderr ar-keep -t t 1
	same ""
	[ -z "$stderr" ]
	[ "$(rows)" = "keep baseline
keep try 2" ]
	[ "$(ar-log -t t --decisions -N | tail -n 1 | cut -f 6,12)" = "keep	human" ]
	sound
	grep -c . .git/ar/t/journal >../n
	run -0 ar-keep -t t 1
	grep -c . .git/ar/t/journal | diff ../n -
	try 1.5 # is what has to be beaten now
	[ "$(rows | tail -n 1)" = "keep try 1.5" ]
	sound
}

@test "ar-keep: 75 when the experiment was not made on the tip" {
	toy
	trusting
	try 2 0.5
	run -75 --separate-stderr ar-keep -t t 1
	[[ $stderr == *"experiment 1 was made on "*", but the branch is at "* ]]
	sound
}

@test "ar-keep: what was not measured, or changes nothing, cannot be kept" {
	toy
	trusting
	try crash
	run -1 ar-loop -t t -n 1 -a true
	for seq in 1 2 3 -1; do
		run -2 --separate-stderr ar-keep -t t -- $seq
		[ -n "$stderr" ]
	done
	run -2 --separate-stderr ar-keep -t t x
	run -2 --separate-stderr ar-keep -t t
	sound
}

@test "ar-keep: refuses while the branch is checked out" {
	toy
	trusting
	try 2
	git checkout -q autoresearch/t
	run -2 --separate-stderr ar-keep -t t 1
	[[ $stderr == *"checked out in"* ]]
	[ -z "$(git status --porcelain)" ]
}
