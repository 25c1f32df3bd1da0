#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export nap=30.$$$RANDOM # a sleep that no other test has
}

@test "ar-run: passes output, input and the exit status on" {
	run -7 --separate-stderr ar-run sh -c 'cat; echo err >&2; exit 7' <<<in
	same in
	[ "$stderr" = err ]
	run -0 ar-run -- printf '%s|' 'a b' '' '*'
	same 'a b||*|'
}

@test "ar-run: statuses of a shell: 126, 127, 128 + signal" {
	run -127 --separate-stderr ar-run no-such-command
	[[ $stderr == "ar-run: no-such-command: No such file"* ]]
	: >plain
	run -126 --separate-stderr ar-run ./plain
	[[ $stderr == "ar-run: ./plain: Permission denied" ]]
	run -137 ar-run sh -c 'kill -9 $$'
	run -2 --separate-stderr ar-run
}

@test "ar-run: 124 at the limit, and TERM comes first" {
	run -124 ar-run -t 0.2 sh -c 'trap "echo bye; exit" TERM; sleep 30 & wait'
	same bye
	run -124 ar-run -t 0.1 -k 0.1 sh -c 'trap "" TERM; sleep $nap; sleep $nap'
	run -1 pgrep -f "sleep $nap"
}

@test "ar-run: nothing outlives it: setsid, double fork, pipe holders" {
	start=$SECONDS
	run -0 ar-run -k 0.1 sh -c '
		(setsid sh -c "trap \"\" TERM; sleep $nap; sleep $nap" &)
		setsid sleep $nap & sleep $nap & sleep 0.1; echo over'
	same over
	run -1 pgrep -f "sleep $nap"
	[ $((SECONDS - start)) -lt 10 ]
}

@test "ar-run: a stopped process is killed, too" {
	run -124 ar-run -t 0.2 -k 0.2 sh -c 'sleep $nap & kill -STOP $!; wait'
	run -1 pgrep -f "sleep $nap"
}

@test "ar-run: killed itself, it takes the command along" {
	ar-run sh -c 'echo $$ >pid; exec sleep $nap' &
	for _ in $(seq 200); do
		[ ! -s pid ] || break
		sleep 0.01
	done
	kill -9 $!
	wait $! || :
	for _ in $(seq 200); do
		kill -0 "$(cat pid)" 2>/dev/null || break
		sleep 0.01
	done
	run -1 pgrep -f "sleep $nap"
}

@test "ar-run: TERM is passed on, and ends it by TERM" {
	ar-run sh -c 'trap "echo got >got; exit 0" TERM; : >up; sleep $nap & wait' &
	for _ in $(seq 200); do
		[ ! -e up ] || break
		sleep 0.01
	done
	kill -TERM $!
	rc=0
	wait $! || rc=$?
	[ $rc = 143 ]
	[ "$(cat got)" = got ]
	run -1 pgrep -f "sleep $nap"
}

@test "ar-run: output is capped at its head and its end" {
	run -0 --separate-stderr ar-run -o 1000 sh -c \
	    'seq 100000; printf %65536s end; seq 9 >&2'
	[ "${#output}" -gt 66000 ] && [ "${#output}" -lt 67000 ]
	[[ $output == "1"$'\n'"2"* && $output == *end ]]
	[[ $output == *"[587895 bytes left out]"* ]]
	[ "$stderr" = "$(seq 9)" ]
	run -0 ar-run -o 10 sh -c 'seq 10'
	same "$(seq 10)"
}

@test "ar-run: --log writes what was said and what it took" {
	run -3 --separate-stderr ar-run -v --log d/e sh -c 'echo o; echo e >&2
		exit 3'
	same ""
	[ "$(cat d/e/stdout) $(cat d/e/stderr)" = "o e" ]
	[ "$(head -n 4 d/e/meta.tsv)" = "key	value
status	3
signal	0
timed_out	0" ]
	[[ $stderr == "status: 3"*"stdout_bytes: 2"*"strays: 0" ]]
	: >plain
	run -2 --separate-stderr ar-run --log plain/x true
	run -2 --separate-stderr ar-run --log plain true
}

@test "ar-run: cpu time and memory are those of the whole tree" {
	ar-run --log d sh -c 'sh -c "i=0; while [ \$i -lt 60000 ]; do
		i=\$((i+1)); done"; head -c 30000000 /dev/zero | tail -n 1 >/dev/null'
	awk -F '\t' '$1 == "cpu_s" && $2 > 0.005 { c = 1 }
	    $1 == "maxrss_kb" && $2 > 20000 { m = 1 } END { exit !(c && m) }' \
	    d/meta.tsv
}
