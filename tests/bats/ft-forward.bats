#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	unset "${!FT_@}"
}

# op NAME - an operator of the lines on stdin, which notes each call in
# NAME.calls.
op() {
	{ echo '#!/bin/sh'; echo "echo \"\$2\" >>'$PWD/$1.calls'"; cat; } >"$1"
	chmod +x "$1"
}

# node NAME ... - ft-node -o NAME, quietly
node() {
	ft-node -o "$@" >/dev/null
}

# numbers NAME N - a tensor of N numbers, from 0
numbers() {
	seq 0 $(($2 - 1)) | awk 'BEGIN { print "coords\ttext" }
	    { print $1 "\t" $1 }' | st-make -o "$1" - >/dev/null
}

@test "ft-forward: makes all cells, and says nothing of it" {
	numbers x 12
	op twice <<<'echo $((2 * $(ft-get "$FT_NODE/in/0" "$2")))'
	node same same x
	node n "$PWD/twice" same
	run -0 --separate-stderr ft-forward n
	[ -z "$output" ] && [ -z "$stderr" ]
	run -0 st-cat -N n
	same "$(seq 0 11 | awk '{ print $1 "\t1\t" 2 * $1 }')"
	[ "$(sort -n twice.calls | uniq | wc -l)" = 12 ]
	run -0 ft-forward n
	[ "$(wc -l <twice.calls)" = 12 ]
}

@test "ft-forward: lists what is not sure, and makes only that again" {
	numbers x 4
	op some <<-'E'
		case $2 in
		1) echo part; echo 0.25 >&3; echo no luck >&2; exit 1 ;;
		2) exit 3 ;;
		3) echo what >&2; exit 2 ;;
		esac
	E
	node n "$PWD/some" x
	run -1 --separate-stderr ft-forward -j 1 n
	same "$(printf 'coords\tstatus\tcoeff\twhy\tnode
1\tfailed\t-0.25\t%s: exit status 1: no luck\tn
2\toverflow\t-3\t%s: exit status 3\tn
3\terror\t\t%s: exit status 2: what\tn' "$PWD/some" "$PWD/some" "$PWD/some")"
	[ -z "$stderr" ]
	run -1 ft-forward -N -j 1 n
	[ "${#lines[@]}" = 3 ]
	run -0 sort some.calls
	same "$(printf '%s\n' 0 1 1 2 2 3 3)"
	run -1 ft-forward --once -j 1 -N n
	[[ $output == 3$'\t'error* ]] && [ "${#lines[@]}" = 1 ]
	run -0 sort some.calls
	same "$(printf '%s\n' 0 1 1 2 2 3 3 3)"
}

@test "ft-forward: trajectories, one for each cell or one for all" {
	st-make -o x -s '[2]' a b >/dev/null
	st-make -o p -s '[2]' first second >/dev/null
	st-make -o q -s '[1, 2]' first second >/dev/null
	op ask <<<'cat'
	node n "$PWD/ask" x
	node m "$PWD/ask" x
	run -0 ft-forward -p p n
	run -0 st-cat -N n
	same "$(printf '0\t1\tfirst\n1\t1\tsecond')"
	run -0 st-diff -q n/prompt p
	run -0 ft-forward -t both m
	run -0 st-cat -N m/prompt
	same "$(printf '0\t1\tboth\n1\t1\tboth')"
	run -2 --separate-stderr ft-forward -p q n
	[[ $stderr == *'[1, 2]'*'[2]'* ]]
}

@test "ft-forward: operands, or one a line; a bad one does not stop the rest" {
	st-make -o x -s '[1]' a >/dev/null
	node n same x
	node m same x
	printf 'n\nm\n' | run -0 ft-forward
	run -0 st-get m 0
	[ "$output" = a ]
	rm -r n/storage n/coeff
	run -2 --separate-stderr ft-forward gone n
	[[ $stderr == *gone:* ]]
	run -0 st-get n 0
	[ "$output" = a ]
}

@test "ft-forward: a given cell that is absent fails what needs it, alone" {
	st-make -o x -s '[2]' a b >/dev/null
	st-set -d x 1
	node n first-line x
	run -1 ft-forward -N n
	[[ $output == 1$'\t'failed* ]]
	run -0 st-get n 0
	[ "$output" = a ]
}

@test "ft-forward: two at once make each cell once" {
	numbers x 60
	op slow <<<'ft-get "$FT_NODE/in/0" "$2"'
	node a same x
	node n "$PWD/slow" a
	ft-forward -j 3 n &
	ft-forward -j 3 n
	wait $!
	run -0 st-cat -N n
	same "$(seq 0 59 | awk '{ print $1 "\t1\t" $1 }')"
	[ "$(wc -l <slow.calls)" = 60 ]
}

# graph - a few operators of all kinds over six cells, one of which fails.
graph() {
	numbers x 6
	op half <<-'E'
		n=$(cat)
		ft-get "$FT_NODE/in/0" "$2" | grep '[024]' || exit
		echo 0.5 >&3
	E
	node a same x
	node b "$PWD/half" a
	node c exec a -- tr 0-9 a-j
	node s sequential c b
	node u unsqueeze s -- 0
	node n first-line u
}

@test "ft-forward: one process or many, the directories are the same" {
	mkdir one many
	(cd one && graph) && (cd many && graph)
	for d in one many; do
		[ $d = one ] || export FT_PROCESSES=1
		cd $d
		FT_RUN=r run -1 ft-forward -N -t go n
		[ "$(sort <<<"$output")" = "$(for i in 1 3 5; do
			printf '0,%d\tfailed\t-0.100097656\t' $i
			printf '%s: exit status 1\tn\n' "$PWD/half"
		done)" ]
		cd ..
	done
	[ "$(grep -c made one/n/trace.tsv)" = 30 ]
	[ "$(cut -f3 one/n/trace.tsv | sort -u | wc -l)" -lt 9 ]
	[ "$(cut -f3 many/n/trace.tsv | sort -u | wc -l)" -ge 30 ]
	rm */n/trace.tsv */half.calls
	find many -type f -exec sed -i "s,$PWD/many,$PWD/one," {} +
	diff -r one many
}

@test "ft-forward: what has effects is done once in a run" {
	numbers x 3
	op beep <<<'echo beep'
	ft-node -e -o n "$PWD/beep" x >/dev/null
	for calls in 3 6; do
		run -0 ft-forward n
		[ "$(wc -l <beep.calls)" = $calls ]
	done
	for calls in 9 9; do
		run -0 env FT_RUN=r ft-forward n
		[ "$(wc -l <beep.calls)" = $calls ]
	done
}

@test "ft-forward: an effect that was cut short is not repeated by itself" {
	numbers x 1
	op beep <<<'[ -e go ] || kill -9 $PPID; echo beep'
	ft-node -e -o n "$PWD/beep" x >/dev/null
	run -137 ft-forward n
	[ -e n/run ]
	touch go
	run -1 ft-forward -N n
	[[ $output == 0$'\t'again$'\t\t'*redo-effects* ]]
	[ -e n/run ]
	run -75 --separate-stderr ft-get n 0
	[ "$(wc -l <beep.calls)" = 1 ]
	run -0 ft-forward --redo-effects n
	[ "$(wc -l <beep.calls)" = 2 ]
	[ ! -e n/run ]
	run -0 ft-forward n
	[ "$(wc -l <beep.calls)" = 3 ]
}

@test "ft-forward: what a killed run has done is not done again" {
	numbers x 4
	op beep <<<'[ -e go ] || [ "$2" != 2 ] || { kill -9 $PPID; sleep 9; }; echo'
	ft-node -e -o n "$PWD/beep" x >/dev/null
	run -137 ft-forward -j 1 n
	touch go
	run -0 ft-forward --redo-effects -j 1 n
	run -0 sort beep.calls
	same "$(printf '%s\n' 0 1 2 2 3)"
}

@test "ft-forward: a signal ends it, what was made stays, nothing runs on" {
	numbers x 40
	op slow <<<'[ "$2" -lt 5 ] || exec sleep 60; echo $$'
	node n "$PWD/slow" x
	: >slow.calls
	for sig in INT TERM; do
		env --default-signal ft-forward -j 2 n >/dev/null 3>&- &
		pid=$!
		for _ in $(seq 500); do
			[ "$(wc -l <slow.calls)" -lt 7 ] || break
			sleep 0.02
		done
		kill -$sig $pid
		status=0
		wait $pid || status=$?
		case $sig in INT) [ $status = 130 ] ;; *) [ $status = 143 ] ;; esac
		[ "$(st-cat -N n | awk '$2 == 1' | wc -l)" = 5 ]
		run -1 pgrep -f "$PWD/slow"
		: >slow.calls
		printf '%s\n' 1 2 3 4 5 >slow.calls
	done
}

# most LOG - how many were at it at once, of lines + and -
most() {
	awk '/^\+/ { if (++n > most) most = n } /^-/ { n-- } END { print most }' "$1"
}

@test "ft-forward: -j programs at once, in the whole tree of processes" {
	numbers x 12
	op busy <<-E
		t=\$(ft-get "\$FT_NODE/in/0" "\$2")
		echo + >>'$PWD/log'; sleep 0.02; echo - >>'$PWD/log'
		echo \$t
	E
	node n "$PWD/busy" x
	for arg in '' --processes; do
		node a "$PWD/busy" n
		node m mean a
		run -0 ft-forward $arg -j 3 m
		[ "$(most log)" = 3 ]
		[ "$(wc -l <log)" = 48 ]
		rm -r a m n/storage n/coeff log
	done
}

@test "ft-forward: calls of models have a number of their own" {
	numbers x 8
	op model <<-E
		echo + >>'$PWD/log'; sleep 0.05; echo - >>'$PWD/log'
		cat
	E
	for arg in '' --processes; do
		node l llm x
		node n first-line l
		run -0 env LU_JOBS=5 ft-forward $arg -b "exec:$PWD/model" n
		echo "$arg: $(most log) at once"
		[ "$(most log)" = 5 ]
		[ "$(wc -l <log)" = 16 ]
		rm -r l n log
	done
}

@test "ft-forward: under make no more than make allows" {
	numbers x 8
	op busy <<-E
		echo + >>'$PWD/log'; sleep 0.02; echo - >>'$PWD/log'
	E
	printf 'all: a b\na b:; +ft-forward $(ARG) $@\n.PHONY: a b\n' >Makefile
	for arg in '' --processes; do
		node a "$PWD/busy" x
		node b "$PWD/busy" x
		run -0 make -s -j3 ARG=$arg
		[ "$(most log)" = 3 ]
		[ "$(wc -l <log)" = 32 ]
		rm -r a b log
	done
}

@test "ft-forward: long chains" {
	st-make -o c0 -s '[1]' hello >/dev/null
	mkdir -p c{1..300}/in
	tee c{1..300}/shape <<<'[1]' >/dev/null
	tee c{1..300}/op <<<same >/dev/null
	for i in {1..300}; do
		ln -s ../../c$((i - 1)) c$i/in/0
	done
	run -0 ft-forward c300
	run -0 st-get c300 0
	[ "$output" = hello ]
	run -0 bash -c 'ulimit -n 100; rm -r c*/storage c[1-9]*/coeff; mkdir -p c0/storage/0
	    echo again >c0/storage/0/data; ft-forward c300 && st-get c300 0'
	[ "$output" = again ]
}

@test "ft-forward: -k I/N makes the cells of one part" {
	numbers x 7
	op same <<<'ft-get "$FT_NODE/in/0" "$2"'
	node n "$PWD/same" x
	run -0 ft-forward -k 1/3 n
	same ""
	[ "$(st-cat -N n | awk '$2 { print $1, $3 }' | xargs)" = "1 1 4 4" ]
	for i in 0 1 2; do
		run -0 ft-forward -k $i/3 n
	done
	run -0 sort same.calls
	same "$(seq 0 6)"
	SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=9 run -0 ft-forward n
	fails_cleanly ft-forward -k 3/3 n
	fails_cleanly ft-forward -k 3 n
}
