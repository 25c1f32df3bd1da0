#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	unset AR_HISTORY AR_SEQ AR_SEED
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b
	export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	printf '# ours\nlr = 2e-3  # peak\nact gelu\nsteps 4k' >train.conf
	printf '%s\t%s\t%s\n' name kind range lr float 0.0001,0.1 \
	    act choice 'gelu|relu2' >space.tsv
}

# row STATUS METRIC - commit the settings and add their row to history.tsv
row() {
	git add train.conf && git commit -qm row
	printf '%s\t%s\t0.0\t%s\tx\n' "$(git rev-parse --short HEAD)" "$2" "$1" \
	    >>history.tsv
}

start() {
	git init -q .
	printf 'commit\tval_bpb\tmemory_gb\tstatus\tdescription\n' >history.tsv
	row keep 2.5
}

@test "ar-propose: changes one value and keeps every other byte" {
	cp train.conf old
	run -0 --separate-stderr ar-propose
	[[ $output == "lr 2e-3 -> 0."*": "*" lr was not tried yet" ||
	   $output == "act gelu -> relu2: act relu2 was not tried yet" ]]
	[ -z "$stderr" ]
	run diff old train.conf
	[ "$(grep -c '^<' <<<"$output")" -eq 1 ]
	[ "$(tail -c 8 train.conf)" = "steps 4k" ]
	grep -qE '^lr = [0-9.e-]+  # peak$' train.conf
}

@test "ar-propose: -n changes nothing, a seed and a number decide" {
	cp train.conf old
	AR_SEQ=3 run -0 ar-propose -n --seed 4
	first=$output
	for i in 1 2 3 4 5 6 7 8; do
		AR_SEQ=3 AR_SEED=4 run -0 ar-propose -n
		same "$first"
	done
	cmp old train.conf
	for i in 1 2 3 4 5 6 7 8; do AR_SEQ=$i ar-propose -n; done | sort -u >all
	[ "$(wc -l <all)" -gt 3 ]
}

@test "ar-propose: a missing setting is appended" {
	printf 'lr 1' >train.conf
	printf 'name\tkind\trange\ntied\tflag\n' >space.tsv
	run -0 ar-propose --seed 2
	[[ $output == "tied unset -> "[01]:* ]]
	same_file=$(cat train.conf)
	[[ $same_file == $'lr 1\ntied '[01] ]]
}

@test "ar-propose: what the history holds is not proposed again" {
	printf 'name\tkind\trange\nact\tchoice\tgelu|relu2|swiglu\n' >space.tsv
	start
	AR_HISTORY=history.tsv run -0 ar-propose
	first=$(grep ^act train.conf)
	row discard 2.6
	git show HEAD~1:train.conf >train.conf
	run -0 ar-propose -H history.tsv
	[ "$(grep ^act train.conf)" != "$first" ]
	row crash 0.000000
	run -1 --separate-stderr ar-propose -H history.tsv
	[ -z "$output" ]
	[[ $stderr == "ar-propose: space.tsv: space exhausted"* ]]
}

@test "ar-propose: goes on where it won, and says so" {
	printf 'name\tkind\trange\nlr\tfloat\t0.0001,0.1\n' >space.tsv
	start
	for lr in 0.003 0.005 0.008; do
		sed -i "s/^lr.*/lr $lr/" train.conf
		row keep "2.4${lr#0.00}"
	done
	for i in 1 2 3 4 5 6 7 8 9; do
		AR_SEQ=$i ar-propose -n -H history.tsv
	done >all
	[ "$(grep -c 'raising lr won in 3 of 3' all)" -ge 7 ]
}

@test "ar-propose: the history is read in a subdirectory and from anywhere" {
	mkdir sub
	mv train.conf sub
	printf 'name\tkind\trange\nact\tchoice\tgelu|relu2\n' >space.tsv
	git init -q .
	printf 'commit\tval_bpb\tmemory_gb\tstatus\tdescription\n' >history.tsv
	for act in gelu relu2; do
		sed -i "s/^act.*/act $act/" sub/train.conf
		git add sub && git commit -qm x
		printf '%s\t1\t0.0\tkeep\tx\n' "$(git rev-parse HEAD)" >>history.tsv
	done
	run -1 ar-propose -H history.tsv -f sub/train.conf
	cd /
	run -1 ar-propose -H "$OLDPWD/history.tsv" -f "$OLDPWD/sub/train.conf" \
	    -s "$OLDPWD/space.tsv"
}

@test "ar-propose: bad input is refused and nothing is changed" {
	cp train.conf old
	run -2 --separate-stderr ar-propose -f nope
	same ""
	[[ $stderr == "ar-propose: nope: No such file or directory" ]]
	run -2 --separate-stderr ar-propose -s nope
	run -2 --separate-stderr ar-propose -H nope
	printf 'name\tkind\trange\nlr\tfloat\t3,2\n' >bad.tsv
	run -2 --separate-stderr ar-propose -s bad.tsv
	[[ $stderr == "ar-propose: bad.tsv:2: lr: the range must be lo,hi" ]]
	AR_SEQ=x run -2 ar-propose
	run -2 ar-propose operand
	head -c 2000000 /dev/zero >big
	run -2 ar-propose -f big
	printf 'lr 1\0' >nul
	run -2 --separate-stderr ar-propose -f nul
	[[ $stderr == "ar-propose: nul: not a text file" ]]
	cmp old train.conf
}

@test "ar-propose: rows whose commit is gone or no commit are passed over" {
	start
	printf 'baseline\t2\t0\tkeep\tx\ndeadbee\t2\t0\tdiscard\tx\n' >>history.tsv
	printf 'HEAD\\nHEAD\t2\t0\tdiscard\tx\nimport os\n' >>history.tsv
	run -0 ar-propose -H history.tsv
}
