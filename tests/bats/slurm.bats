#!/usr/bin/env bats
# Under Slurm: ranks of a step, parts of a job array. A Slurm of our own, of
# this one host, in a directory, without root and services. Skipped where it is
# not installed: scripts/deps leaves that alone, because the packages slurmctld,
# slurmd and munge start services on most machines.
load helper

# Why there is none here; nothing when there is one.
missing() {
	local c
	for c in munged slurmctld slurmd srun sbatch scontrol; do
		command -v "$c" >/dev/null || { echo "no $c"; return; }
	done
}

settings() {
	cat <<-E
		ClusterName=t
		SlurmctldHost=$host(127.0.0.1)
		SlurmUser=$(id -un)
		SlurmdUser=$(id -un)
		AuthType=auth/munge
		CryptoType=crypto/munge
		AuthInfo=socket=$PWD/munge/s
		SlurmctldPort=$port
		SlurmdPort=$((port + 1))
		SlurmctldPidFile=$PWD/ctld.pid
		SlurmdPidFile=$PWD/d.pid
		StateSaveLocation=$PWD/state
		SlurmdSpoolDir=$PWD/spool
		SlurmctldLogFile=$PWD/ctld.log
		SlurmdLogFile=$PWD/d.log
		ProctrackType=proctrack/pgid
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core
		SchedulerType=sched/backfill
		SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
		MailProg=/bin/true
		MpiDefault=none
		ReturnToService=2
		SwitchType=switch/none
		NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
		PartitionName=p Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES:8
	E
}

# until_true COMMAND... - ask again for ten seconds.
until_true() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	tail -n 5 ./*.log
	return 1
}

idle() {
	sinfo -h -o %T | grep -q idle
}

# The daemons stay children, so that they can be waited for.
setup_file() {
	export PATH=$PATH:/usr/sbin:/sbin
	[ -z "$(missing)" ] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	local host port=$((20000 + BASHPID % 20000))
	host=$(hostname -s)
	mkdir state spool munge && chmod 755 munge
	settings >slurm.conf
	(umask 077 && head -c 1024 /dev/urandom >munge/key)
	munged --foreground --force --key-file=munge/key \
	    --socket="$PWD/munge/s" --pid-file="$PWD/munge/pid" \
	    --log-file="$PWD/munge/log" --seed-file="$PWD/munge/seed" \
	    >/dev/null 2>&1 3>&- &
	echo $! >pids
	until_true test -S munge/s
	export SLURM_CONF=$PWD/slurm.conf
	slurmctld -D -c -f slurm.conf >/dev/null 2>&1 3>&- &
	echo $! >>pids
	slurmd -D -c -f slurm.conf >/dev/null 2>&1 3>&- &
	echo $! >>pids
	until_true idle
}

teardown_file() {
	local pid
	[ -e "$BATS_FILE_TMPDIR/pids" ] || return 0
	for pid in $(tac "$BATS_FILE_TMPDIR/pids"); do
		kill "$pid"
		wait "$pid" || :
	done
}

setup() {
	[ -z "$(missing)" ] || skip "$(missing)"
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "slurm: the ranks of a step train as those of one host do" {
	srun --mpi=list 2>&1 | grep -q pmix || skip "a Slurm without PMIx"
	[ -e "$(dirname "$(command -v ffn-train)")/../libexec/learnutils/comm_mpi.so" ] ||
	    skip "built without mpicc"
	seq 2000 >text
	small=(--bits 8 --batch 64 --segment 8 --context 4096 --threads 1
	    --model 16 --hidden 16 -n 30)
	ffn-train "${small[@]}" --comm shm:2 --summary none -o a text
	run -0 --separate-stderr srun -Q --overcommit -n 2 --mpi=pmix \
	    ffn-train "${small[@]}" \
	    -v text -o b text
	[ "$(grep -c ^val_bpb <<<"$output")" -eq 1 ]
	ffn-info -t a >a.tsv && ffn-info -t b >b.tsv
	diff <(cut -f 2- a.tsv) <(cut -f 2- b.tsv)
}

@test "slurm: the tasks of a job array do all of the work, each its part" {
	st-make -o in -s '[7]' a b c d e f g >/dev/null
	sbatch -Q --array=2-4:2 -o 'log.%a' -s --wrap "$(command -v llm-call) \
	    -b exec:cat -T in -o out.\$SLURM_ARRAY_TASK_ID --shard auto &&
	    echo done >>log.\$SLURM_ARRAY_TASK_ID"
	until_true sh -c 'grep -qx done log.2 && grep -qx done log.4'
	[ "$(st-cat -N out.2 | awk '$2 { print $3 }' | xargs)" = "a c e g" ]
	[ "$(st-cat -N out.4 | awk '$2 { print $3 }' | xargs)" = "b d f" ]
	# the script of a job of two tasks is one process, and does it all
	sbatch -Q -n 2 --overcommit -o log -s --wrap "$(command -v llm-call) \
	    -b exec:cat -T in -o out --shard auto && echo done >>log"
	until_true grep -qx "done" log
	[ "$(st-cat -N out | awk '$2' | wc -l)" -eq 7 ]
}
