#!/usr/bin/env bats
# Several processes train one model: ffn-train --comm. Text of several passes,
# so that rows are forgotten and learned anew on every rank.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	seq 200 | sed 's/.*/the number & is a number; &/' >train.txt
	seq 201 600 | sed 's/.*/the number & is a number; &/' >val.txt
	small=(--bits 8 --batch 64 --segment 8 --context 4096 --threads 1
	    --model 16 --hidden 16
	    --precision fp32) # bf16 rounds where sums differ in the last bit
	unset "${!OMPI_@}" "${!PMI@}" "${!SLURM_@}"
}

# bpb - the measure in $output; once, or it is not one.
bpb() {
	[ "$(grep -c '^val_bpb' <<<"$output")" -eq 1 ] || return
	sed -n 's/^val_bpb: *//p' <<<"$output"
}

# near A B - they differ by no more than 1e-5 of themselves.
near() {
	awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; d = d < 0 ? -d : d
		exit !(a > 0 && d <= 1e-5 * a) }' || { echo "$1, not $2"; return 1; }
}

# same_weights A B - the checkpoints hold the same numbers, to the bit.
same_weights() {
	ffn-info -t "$1" >a.tsv && ffn-info -t "$2" >b.tsv || return 2
	diff <(cut -f 2- a.tsv) <(cut -f 2- b.tsv)
}

# start ARG... - train in the background until the first checkpoint, m.
start() {
	ffn-train "${small[@]}" -n 1M --save-every 0.05 -o m "$@" train.txt \
	    >out 2>err 3>&- &
	pid=$!
	until [ -e m ]; do
		kill -0 "$pid" || return
		sleep 0.02
	done
}

@test "ranks: two and three learn what one does" {
	run -0 ffn-train "${small[@]}" -n 200 -v val.txt -o m train.txt
	want=$(bpb)
	awk -v x="$want" 'BEGIN { exit !(x < 6) }'
	steps=$(grep '^num_steps' <<<"$output")
	for n in 2 3; do
		run -0 --separate-stderr ffn-train "${small[@]}" -n 200 \
		    --comm shm:$n -v val.txt -o m$n train.txt
		[ -z "$stderr" ]
		[[ $output == *"$steps"* ]]
		near "$want" "$(bpb)"
		run -0 bpb-eval --precision fp32 m$n val.txt # rank 0 saved what it measured
		near "$want" "$(bpb)"
	done
	run -1 same_weights m m2
}

@test "ranks: the same to the bit whenever it is done, with any --opt" {
	for o in adamw muon sgd; do
		for m in a b; do
			ffn-train "${small[@]}" -n 30 --opt $o --lr 0.01 \
			    --comm shm:3 --summary none -o $m train.txt
		done
		same_weights a b
	done
}

@test "ranks: text on standard input is for all, --resume too" {
	flat=(--warmup 0 --decay 0 --summary none -o)
	ffn-train "${small[@]}" -n 20 --comm shm:2 "${flat[@]}" whole train.txt
	ffn-train "${small[@]}" -n 8 --comm shm:2 "${flat[@]}" part <train.txt
	ffn-train "${small[@]}" -n 12 --comm shm:2 --resume "${flat[@]}" part \
	    <train.txt
	same_weights whole part
}

@test "ranks: one that is killed ends the run, which can be resumed" {
	start --comm shm:3 -v val.txt
	kill -KILL "$(pgrep -P "$pid" | tail -n 1)"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 75 ]
	[ ! -s out ]
	same_err='^ffn-train: rank 2 died: Killed; go on with --resume '
	same_err+='\(m keeps what was saved before\)$'
	[[ $(cat err) =~ $same_err ]]
	run -0 ffn-train "${small[@]}" -n 1 --resume -o m train.txt
}

@test "ranks: without rank 0 the others end, too" {
	start --comm shm:3
	mapfile -t others < <(pgrep -P "$pid")
	[ "${#others[@]}" -eq 2 ]
	kill -KILL "$pid"
	wait "$pid" || :
	for p in "${others[@]}"; do # a zombie that nobody buries is gone, too
		timeout 10 sh -c 'while [ -s "/proc/$1/cmdline" ]; do
			sleep 0.02; done' - "$p"
	done
	[ "$(sort -u err)" = "ffn-train: rank 0 died" ]
	run -0 ffn-info m
}

@test "ranks: SIGTERM ends all of them as it ends one" {
	start --comm shm:2 -v val.txt
	kill -TERM "$(pgrep -P "$pid")" # rank 1 alone has no say
	rm m
	until [ -e m ]; do kill -0 "$pid" && sleep 0.02; done
	kill -TERM "$pid" $(pgrep -P "$pid")
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	output=$(cat out)
	[ -n "$(bpb)" ]
	[ ! -s err ]
}

@test "ranks: errors are said once" {
	for bad in "-o no/dir/m" "-o ." "--batch 1 -o m" "--comm tcp -o m" \
	    "--comm shm:0 -o m" "--opt sgd --lr 1000 --clip 0 -o m"; do
		# shellcheck disable=SC2086  # several words
		fails_cleanly ffn-train "${small[@]}" -n 20 --comm shm:2 $bad \
		    train.txt
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
	[ ! -e m ]
	echo precious >m
	fails_cleanly ffn-train --comm shm:3 --resume -o m -n 1 train.txt
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ "$(cat m)" = precious ]
}

@test "ranks: --comm mpi without the plugin says what is missing" {
	mkdir bin && cp "$(command -v ffn-train)" bin/
	fails_cleanly bin/ffn-train -n 1 --comm mpi -o m train.txt
	[[ $stderr == *"comm_mpi.so: No such file or directory; it is built"* ]]
	run -0 env OMPI_COMM_WORLD_SIZE=1 bin/ffn-train "${small[@]}" -n 1 \
	    --summary none -o m train.txt
	OMPI_COMM_WORLD_SIZE=2 fails_cleanly bin/ffn-train -n 1 -o m2 train.txt
}

@test "ranks: mpirun gives the bits of shared memory" {
	plugin=$(dirname "$(command -v ffn-train)")/../libexec/learnutils
	command -v mpirun >/dev/null || skip "no mpirun"
	[ -e "$plugin/comm_mpi.so" ] || skip "built without mpicc"
	export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
	ffn-train "${small[@]}" -n 60 --comm shm:2 --summary none -o a train.txt
	run -0 mpirun --oversubscribe -n 2 ffn-train "${small[@]}" -n 60 \
	    -v val.txt -o b <train.txt
	[ -n "$(bpb)" ]
	same_weights a b
}

@test "ranks: under make as many threads as it has tokens" {
	base=(--bits 8 --batch 64 --segment 8 --model 16 --hidden 16
	    --context 4096 -n 30 --summary none)
	export MAKEFLAGS="-j3 --jobserver-auth=fifo:$PWD/tokens"
	mkfifo tokens
	exec 9<>tokens
	ffn-train "${base[@]}" -o none train.txt
	ffn-train "${base[@]}" --threads 1 -o one train.txt
	same_weights none one
	printf '+' >&9
	if [ "$(nproc)" -ge 2 ]; then
		ffn-train "${base[@]}" -o some train.txt
		ffn-train "${base[@]}" --threads 2 -o two train.txt
		same_weights some two
	fi
	ffn-train "${base[@]}" --comm shm:2 -o ranks train.txt
	run -143 timeout --preserve-status 0.3 ffn-train "${base[@]:0:12}" -n 1M \
	    -o m train.txt
	run -0 timeout 1 head -c 1 <&9
	[ "$output" = + ]
}
