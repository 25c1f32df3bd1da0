#!/usr/bin/env bats
# kill -9 anywhere, then go on: nothing is lost, done twice or left half done.
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export nap=30.$$$RANDOM # a sleep that no other test has
}

# A git that kills whoever called it at call number $(cat at), before or after
# it did its work.
deadly_git() {
	mkdir -p deadly && cat >deadly/git <<EOF
#!/bin/sh
read -r n <"$PWD/calls"
read -r at <"$PWD/at"
read -r when <"$PWD/when"
n=\$((n + 1))
echo \$n >"$PWD/calls"
[ \$n = "\$at" ] || exec "$(command -v git)" "\$@"
[ "\$when" = after ] || { kill -9 \$PPID; exit 1; }
"$(command -v git)" "\$@"
kill -9 \$PPID
EOF
	chmod +x deadly/git
}

# Kill it at call number $2, $1 that call, in an experiment of value $3.
strike() {
	rm -rf .git && cp -a ../saved .git && echo 0 >../calls
	echo "$1" >../when && echo "$2" >../at
	run env PATH="$BATS_TEST_TMPDIR/deadly:$PATH" \
	    ar-loop -t t -n 1 -a "echo $3 >value; echo v"
	[ "$status" = 137 ]
}

@test "kill: before and after every git command of an experiment" {
	deadly_git
	toy
	touch eval && commit eval
	measured -p <(echo eval)
	cp -a .git ../saved
	git status --porcelain --ignored >../status
	points=0
	for plan in 'before 1 0.5' 'after 11 0.5' 'after 14 2'; do
		read -r when at v <<<"$plan"
		while strike "$when" "$at" $v; do
			at=$((at + 1)) points=$((points + 1))
			# what was under way is finished, or else it is run again
			run ar-loop -t t -n $((2 - $(ar-log -t t -N | wc -l))) \
			    -a "echo $v >value; echo v"
			[ "$status" -le 1 ]
			sound
			[ "$(rows)" = "keep baseline
$([ $v = 2 ] && echo discard || echo keep) v" ]
		done
		[ "$at" -gt 15 ]
	done
	git status --porcelain --ignored | diff ../status -
	[ "$points" -ge 25 ]
}

@test "kill: ar-init at every other git command, then the same ar-init" {
	deadly_git
	toy
	touch eval && commit eval
	cp -a .git ../saved
	echo before >../when
	at=1
	while :; do
		rm -rf .git && cp -a ../saved .git
		echo 0 >../calls && echo $at >../at
		export -f measured
		run env PATH="$BATS_TEST_TMPDIR/deadly:$PATH" \
		    bash -c 'measured -p <(echo eval); exit $?'
		[ "$status" = 137 ] || break
		measured -p <(echo eval)
		sound
		at=$((at + 2))
	done
	[ "$status" = 0 ]
	[ "$at" -gt 20 ]
}

@test "kill: from the proposer, the run and the metric, with the same number" {
	toy
	die='[ -e "$AR_DIR/../../../../dead$AR_SEQ" ] ||
	    { : >"$AR_DIR/../../../../dead$AR_SEQ"; kill -9 $PPID; sleep 5; }'
	ar-init -t t -m v:lower -r "[ \$AR_SEQ != 2 ] || { $die; }" \
	    -e "[ \$AR_SEQ != 3 ] || { $die; }; sed s/^/v:/ \"\$AR_WORKTREE/value\""
	for seq in 1 2 3; do
		agent="[ \$AR_SEQ != 1 ] || { $die; }; echo 0.$((9 - seq)) >value
		    echo $seq"
		run -137 ar-loop -t t -n 1 -a "$agent"
		ref=$(git rev-parse -q --verify "refs/ar/t/exp/00000$seq") || :
		run -0 ar-loop -t t -n 1 -a "$agent"
		[ $seq = 1 ] ||
			[ "$(git rev-parse "refs/ar/t/exp/00000$seq")" = "$ref" ]
		sound
	done
	[ "$(rows)" = "keep baseline
keep 1
keep 2
keep 3" ]
	[ "$(ar-log -t t --runs -N | cut -f 1,2 | tr '\t\n' '. ')" = \
	    "0.1 1.1 2.2 3.2 " ]
}

@test "kill: what a killed loop left running is killed by the next" {
	toy
	trusting
	run -137 ar-loop -t t -n 1 -a 'setsid sleep $nap & kill -9 $PPID'
	pgrep -f "sleep $nap"
	run -0 ar-loop -t t -n 1 -a 'echo 0.5 >value'
	run -1 pgrep -f "sleep $nap"
}

@test "kill: TERM ends the loop by TERM, its run with it; it goes on later" {
	toy
	ar-init -t t -m v:lower -e 'sed s/^/v:/ "$AR_WORKTREE/value"' \
	    -r '[ ! -e slow ] || [ -e "$AR_REPO/go" ] || {
	        : >"$AR_DIR/started"; sleep $nap & wait; }'
	ar-loop -t t -n 2 -a 'touch slow; echo 0.5 >value; echo slow' &
	pid=$!
	for _ in $(seq 200); do
		[ ! -e .git/ar/t/started ] || break
		sleep 0.02
	done
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	[ $rc = 143 ]
	run -1 pgrep -f "sleep $nap"
	[ "$(rows)" = "keep baseline" ]
	touch go
	run -0 ar-loop -t t -n 1 -a false
	[ "$(rows)" = "keep baseline
keep slow" ]
	rm go && sound
}

@test "kill: a torn record is cut off, a damaged one stops everything" {
	toy
	trusting
	try 0.5
	j=.git/ar/t/journal
	cp $j ../journal
	printf '2\tpropose\t17' >>$j
	[ "$(ar-log -t t -N | wc -l)" = 2 ]
	try 0.4
	sound
	run -1 grep -c '	propose	17$' $j
	cp ../journal $j
	for bad in '3s/value/valux/' '3s/0/1/' 3d '3{h;d};4G'; do
		sed "$bad" ../journal >$j
		for cmd in 'ar-log -t t' 'ar-loop -t t -n 1 -a true' \
		    'ar-keep -t t 1'; do
			if ! cmp -s ../journal $j; then
				run -2 --separate-stderr $cmd
				[[ $stderr == *"journal:"[34]": damaged record"* ]]
			fi
		done
	done
}

@test "kill: tables that were lost or changed are made again" {
	toy
	trusting
	try 0.5
	echo junk >>.git/ar/t/results.tsv
	run -1 --separate-stderr ar-log -t t --check
	[[ $stderr == *"results.tsv: differs from the journal"* ]]
	rm .git/ar/t/runs.tsv
	run -1 ar-loop -t t -n 0
	sound
	ar-loop -t t -n 2 -a 'echo junk >>"$AR_HISTORY"; rm -f "$AR_DIR/runs.tsv"
		echo 0.4$AR_SEQ >value' || [ $? = 1 ]
	sound
}
