#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	unset AR_TAG
	git init -q -b main r && cd r || exit
	echo 5 >n
	git add n
	git -c user.name=a -c user.email=a@b commit -qm start
}

# A loop that a failed test left behind must not outlive it.
teardown() {
	[ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || true
}

study() {
	ar-init -t "$1" -m loss:lower -r 'echo "loss: $(cat n)"' --trust-run
}

# step VALUE... - one experiment each
step() {
	for v; do
		ar-loop -t x -n 1 -a "echo $v >n; echo try $v" || [ $? -eq 1 ]
	done
}

@test "ar-status: baseline, best, counts, pace, rows, paths, what is next" {
	study x
	step 4 6 oops 3
	run -0 --separate-stderr ar-status -t x
	[ -z "$stderr" ]
	[[ ${lines[0]} == "study     x: loss, lower is better" ]]
	[[ ${lines[1]} == "branch    autoresearch/x at $(git rev-parse --short=7 \
	    autoresearch/x)" ]]
	[[ ${lines[2]} == "baseline  5.000000" ]]
	[[ ${lines[3]} == \
	    "best      3.000000  experiment 4, -2.000000 (-40.00 %)" ]]
	[[ ${lines[4]} == "          try 3" ]]
	[[ ${lines[5]} == "tried     4: 2 kept, 1 discarded, 1 crashed; 50 % kept" ]]
	[[ ${lines[6]} == "pace      "*" an hour, 0 s each" ]]
	[[ ${lines[7]} == "now       idle" ]]
	[[ $output == *"   2  discard             6.000000  try 6"* ]]
	[[ $output == *"   3  metric_error               -  try oops"* ]]
	[[ $output == *"notes     .git/ar/x/notes.md"* ]]
	[[ $output == *"logs      .git/ar/x/log/000004.1/"* ]]
	[ -d .git/ar/x/log/000004.1 ] && [ -f .git/ar/x/notes.md ]
	[[ ${lines[-1]} == "next      ar-loop -t x -n 10 -a ar-propose" ]]
}

@test "ar-status: JSON with the same numbers" {
	study x
	run -0 ar-status -j
	[ "$(jq -r '.tried,.best,.gain_pct,.seq,.state' <<<"$output" |
	    paste -sd' ')" = "0 5 0 null idle" ]
	step 4 6
	run -0 ar-status --json
	[ "$(jq -r '.tag,.baseline,.best,.gain_pct,.best_is,.kept,.discarded' \
	    <<<"$output" | paste -sd' ')" = "x 5 4 -20 try 4 1 1" ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "ar-status: a crashed baseline is no number" {
	echo bad >n
	git -c user.name=a -c user.email=a@b commit -qam bad
	study x || true
	run -0 ar-status
	[[ $output == *"baseline  crashed"* ]]
	[[ $output != *"best "* ]]
	run -0 ar-status -j
	[ "$(jq -c '[.baseline,.best,.gain_pct,.per_hour]' <<<"$output")" = \
	    "[null,null,null,null]" ]
}

@test "ar-status: says what runs now, and what was interrupted" {
	study x
	mkfifo ../fifo
	ar-loop -t x -n 1 -a "echo a thought; echo 4 >n; cat $PWD/../fifo" \
	    >/dev/null 2>&1 3>&- &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9; do
		[[ $(ar-status) == *proposing* ]] && break
		sleep 0.05
	done
	run -0 ar-status
	[[ $output == *"now       experiment 1 proposing for 0 s"* ]]
	[[ $output == *"next      ar-plot -t x"* ]]
	[ "$(ar-status -j | jq -r .state)" = running ]
	kill -TERM $pid
	wait $pid || true
	run -0 ar-status
	[[ $output == *"now       experiment 1 was interrupted while proposing, "* ]]
	[[ $output == *"next      ar-loop -t x"* ]]
	[ "$(ar-status -j | jq -r .state)" = interrupted ]
}

@test "ar-status: no line is wider than the screen, wherever it is cut" {
	study x
	step 4
	long=$(printf 'größer%.0s ' $(seq 30))
	ar-loop -t x -n 1 -a "echo 3 >n; echo '$long'"
	run -0 ar-status
	LC_ALL=C.UTF-8
	[ "$(wc -L <<<"$output")" -eq 80 ]
	[ "$(iconv -f utf-8 -t utf-8 <<<"$output")" = "$output" ]
	[ "${#lines[@]}" -le 24 ]
}

@test "ar-status: finds the only study, or asks for one" {
	run -2 --separate-stderr ar-status
	[[ $stderr == "ar-status: there is no study here; make one with ar-init" ]]
	study x
	run -0 ar-status
	study y
	run -2 --separate-stderr ar-status
	[[ $stderr == "ar-status: there are 2 studies in "*"; name one with -t" ]]
	AR_TAG=y run -0 ar-status
	[[ ${lines[0]} == "study     y:"* ]]
	run -2 --separate-stderr ar-status -t z
	[ -z "$output" ]
	[[ $stderr == "ar-status: z: no such study here; there is: "* ]]
	cd /
	run -2 ar-status
	run -2 ar-status -t x operand
}
