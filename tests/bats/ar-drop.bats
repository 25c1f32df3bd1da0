#!/usr/bin/env bats
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-drop: takes the tip back, and then the one before it" {
	toy
	trusting
	try 0.5 0.4
	run -0 ar-drop -t t 2
	[ "$(rows)" = "keep baseline
keep try 0.5
discard try 0.4" ]
	sound
	ar-drop -t t 1
	[ "$(git rev-parse autoresearch/t)" = "$(git rev-parse main)" ]
	git rev-parse -q --verify refs/ar/t/exp/000002
	sound
	try 0.7 # beats the baseline, which is the tip again
	[ "$(rows | tail -n 1)" = "keep try 0.7" ]
	sound
}

@test "ar-drop: one that was discarded is left alone" {
	toy
	trusting
	try 2
	run -0 --separate-stderr ar-drop -t t 1
	[ "$(rows | tail -n 1)" = "discard try 2" ]
}

@test "ar-drop: 75 for what is not the tip, 2 for the baseline" {
	toy
	trusting
	try 0.5 0.4
	run -75 --separate-stderr ar-drop -t t 1
	[[ $stderr == *"not the tip"* ]]
	run -2 --separate-stderr ar-drop -t t 0
	run -2 --separate-stderr ar-drop -t t 9
	[[ $stderr == *"no decided experiment 9; the last is 2" ]]
	sound
}

@test "ar-drop: 75 while an experiment is under way on the tip" {
	toy
	trusting
	try 0.5
	run -137 ar-loop -t t -n 1 -a 'kill -9 $PPID'
	run -75 --separate-stderr ar-drop -t t 1
	[[ $stderr == *"experiment 2 is under way; finish it first"* ]]
	try 0.4
	ar-drop -t t 2
	sound
}

@test "ar-drop: killed before the branch moved, it is done by the next tool" {
	toy
	trusting
	try 0.5
	mkdir ../deadly && cat >../deadly/git <<EOF
#!/bin/sh
case "\$*" in *update-ref*) kill -9 \$PPID; exit 1 ;; esac
exec $(command -v git) "\$@"
EOF
	chmod +x ../deadly/git
	run -137 env PATH="$BATS_TEST_TMPDIR/deadly:$PATH" ar-drop -t t 1
	[ "$(git rev-parse autoresearch/t)" != "$(git rev-parse main)" ]
	run -1 ar-loop -t t -n 0
	[ "$(rows | tail -n 1)" = "discard try 0.5" ]
	sound
}
