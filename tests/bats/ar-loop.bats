#!/usr/bin/env bats
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export nap=30.$$$RANDOM # a sleep that no other test has
}

@test "ar-loop: a scripted agent gets the rows that the reference prescribes" {
	toy
	trusting
	cat >../agent <<'EOF'
case $AR_SEQ in
1) echo 0.993200 >value; echo "increase LR to 0.04" ;;
2) echo 0.993200 >value; echo x >note; echo "switch to GeLU" ;;
3) echo 1.005000 >value; echo "half depth" ;;
4) echo crash >value; echo "double model width (OOM)" ;;
5) sed -i s/45060.2/1023.9/ train.py; echo 0.99 >value; echo "less memory" ;;
esac
EOF
	run -0 --separate-stderr ar-loop -t t -n 5 -a 'sh "$AR_REPO/../agent"'
	same ""
	[ -z "$stderr" ]
	c() { git rev-parse "refs/ar/t/exp/00000$1" | cut -c 1-7; }
	run -0 ar-log -t t
	same "commit	val_bpb	memory_gb	status	description
$(c 0)	0.997900	44.0	keep	baseline
$(c 1)	0.993200	44.0	keep	increase LR to 0.04
$(c 2)	0.993200	44.0	discard	switch to GeLU
$(c 3)	1.005000	44.0	discard	half depth
$(c 4)	0.000000	0.0	crash	double model width (OOM)
$(c 5)	0.990000	1.0	keep	less memory"
	diff .git/ar/t/results.tsv <(ar-log -t t)
	[ "$(git log --format=%s autoresearch/t)" = "less memory
increase LR to 0.04
base" ]
	sound
}

@test "ar-loop: exit 0 when something was kept, 1 when nothing was" {
	toy
	trusting
	run -1 ar-loop -t t -n 2 -a 'echo 2 >value; echo "$AR_SEQ" >n'
	run -0 ar-loop -t t -n 2 -a 'echo 0.$AR_SEQ >value'
	run -1 ar-loop -t t -n 0 -a true
	[ "$(rows | cut -d ' ' -f 1 | tr '\n' ' ')" = \
	    "keep discard discard keep discard " ]
}

@test "ar-loop: no change is a noop, a tree tried before a duplicate" {
	toy
	trusting
	try 0.5 0.7
	run -1 ar-loop -t t -n 1 -a true
	run -1 ar-loop -t t -n 1 -a 'echo 0.7 >value; echo again'
	run -1 ar-loop -t t -n 1 -a 'echo 0.997900 >value; echo "back to base"'
	[ "$(ar-log -t t --decisions -N | tail -n 3 | cut -f 6,7,8,14)" = \
	    "noop	discard	0.5	no change
duplicate	discard	0.69999999999999996	again
duplicate	discard	0.99790000000000001	back to base" ]
	[ "$(ar-log -t t --runs -N | wc -l)" = 3 ]
	sound
}

@test "ar-loop: a proposer that fails or hangs is a crash, its files a commit" {
	toy
	trusting
	run -1 ar-loop -t t -n 1 -a 'echo 0.1 >value; echo half done; exit 7'
	run -1 ar-loop -t t -n 1 --patience 0.1 -a 'echo 0.2 >value; sleep 9'
	run -1 ar-loop -t t -n 1 -a 'no-such-command'
	[ "$(rows)" = "keep baseline
crash proposer failed with status 7: half done
crash proposer timed out
crash proposer failed with status 127" ]
	[ "$(git show refs/ar/t/exp/000001:value)" = 0.1 ]
	sound
}

@test "ar-loop: commits, resets and checkouts of an agent change nothing else" {
	toy
	git branch side
	trusting
	git rev-parse main side >../before
	run -0 ar-loop -t t -n 1 -a 'echo 0.9 >value; git commit -qam mine
		echo 0.8 >value; git commit -qam more; git tag -f x >&2; echo two'
	[ "$(git rev-list --count main..autoresearch/t)" = 1 ]
	[ "$(git show autoresearch/t:value)" = 0.8 ]
	run -1 ar-loop -t t -n 1 -a 'echo 0.1 >value; git reset -q --hard; echo none'
	run -0 ar-loop -t t -n 1 -a 'git checkout -q -b mine; echo 0.7 >value
		git add -A; git commit -qm work; echo onbranch'
	run -0 ar-loop -t t -n 1 -a 'git checkout -q autoresearch/t &&
		echo 0.6 >value && git commit -qam direct; echo tip'
	run -0 ar-loop -t t -n 1 -a 'git checkout -q side; git stash list
		echo 0.5 >value; git rm -q --cached value; echo unstaged'
	[ "$(rows | tail -n 5)" = "keep two
discard none
keep onbranch
keep tip
keep unstaged" ]
	git rev-parse main side | diff ../before -
	[ -z "$(git status --porcelain --ignored)" ]
	sound
}

@test "ar-loop: a worktree that an agent broke is mended" {
	toy
	trusting
	i=0.9
	for how in 'rm .git' 'rm -rf .git; git init -q .' 'echo junk >.git' \
	    'echo gitdir: /nowhere >.git' 'mkdir -p d/e; chmod a-w d' \
	    'git worktree remove --force . ; mkdir -p .' \
	    'git init -q inner; echo 1 >inner/f; git -C inner add f
	     git -C inner -c user.name=a -c user.email=b commit -qm 1' \
	    'echo junk >"$(git rev-parse --git-dir)/HEAD"' \
	    'echo junk >"$(git rev-parse --git-dir)/index"' \
	    'touch "$(git rev-parse --git-dir)/index.lock"' \
	    'git update-index --assume-unchanged value'; do
		i=$(echo "$i" | awk '{ print $1 - 0.05 }')
		run ar-loop -t t -n 1 -a "$how; echo $i >value; echo '${how%%$'\n'*}'"
		[ "$status" -le 1 ]
		sound
	done
	run -0 ar-loop -t t -n 1 -a 'git status --porcelain; git add -A || exit
		echo 0.1 >value'
	[ "$(rows | grep -c '^keep')" -ge 9 ]
	[ "$(rows | tail -n 1)" = "keep no hypothesis was given" ]
}

@test "ar-loop: what runs is what was recorded" {
	toy
	echo '*.cache' >.gitignore && commit ignore
	ar-init -t t -m n:higher -r 'ls -A | grep -vxe .git -e list >list; touch old' \
	    -e 'wc -l <"$AR_WORKTREE/list" | sed s/^/n:/'
	ar-loop -t t -n 2 -a 'touch "$AR_SEQ" x.cache; mkdir -p empty'
	[ "$(cat .git/ar/t/wt/0/list)" = ".gitignore
1
2
train.py
value" ]
	[ "$(ar-log -t t -N | cut -f 2 | tr '\n' ' ')" = \
	    "3.000000 4.000000 5.000000 " ]
}

@test "ar-loop: a repository in the repository carries nothing along" {
	toy
	git init -q sub && git -C sub commit -q --allow-empty -m 1
	git add sub && commit sub
	ar-init -t t -m n:lower -r 'find . -name "z*" | wc -l | sed s/^/n:/' \
	    --trust-run
	ar-loop -t t -n 2 -a 'touch sub/z$AR_SEQ; git init -q in
		git -C in -c user.name=a -c user.email=a@b commit -q \
		    --allow-empty -m 1; touch in/z; echo $AR_SEQ >>value' ||
	    [ $? = 1 ]
	[ "$(ar-log -t t -N | cut -f 2 | sort -u)" = 0.000000 ]
	[ "$(ar-log -t t --decisions -N | cut -f 6 | tr '\n' ' ')" = \
	    "baseline discard discard " ]
}

@test "ar-loop: hostile words become one harmless line" {
	toy
	trusting
	ar-loop -t t -n 1 -a "printf '\n \033[31mred\033[0m\tone\a\r\000 \233\377\342\200\256\\\\n x\n2\n'
	    echo 0.5 >value"
	run -0 ar-log -t t -N
	[ "$(cut -f 5 <<<"${lines[1]}")" = 'red one ??\\n x' ]
	ar-loop -t t -n 1 -a 'head -c 300 /dev/zero | tr "\0" x; echo 0.4 >value'
	[ "$(rows | tail -n 1 | wc -c)" = 206 ]
	ar-loop -t t -n 1 -a 'echo 0.3 >value; yes | head -c 3000000'
	[ "$(rows | tail -n 1)" = "keep y" ]
	sound
}

@test "ar-loop: commands get the environment that study(5) promises" {
	toy
	measured -b 7 -s 40
	GIT_AUTHOR_DATE=x ar-loop -t t -n 1 -a 'env >env; echo 0.5 >value; pwd >p'
	dir=$(cd .git/ar/t && pwd -P)
	git show refs/ar/t/exp/000001:env >../env
	for want in AR_TAG=t AR_SEQ=1 "AR_DIR=$dir" "AR_REPO=$(pwd -P)" \
	    "AR_WORKTREE=$dir/wt/0" "AR_SEALED=$dir/sealed" AR_METRIC=val_bpb \
	    "AR_HISTORY=$dir/results.tsv" "AR_NOTES=$dir/notes.md" \
	    AR_DIRECTION=lower AR_BEST=0.99790000000000001 AR_BUDGET=7 \
	    "AR_PARENT=$(git rev-parse HEAD)" AR_SEED=41; do
		grep -qxF "$want" ../env
	done
	run -1 grep '^GIT_' ../env
	[ "$(git show refs/ar/t/exp/000001:p)" = "$dir/wt/0" ]
}

@test "ar-loop: refuses while the branch is checked out, moves on after" {
	toy
	trusting
	git checkout -q autoresearch/t
	run -2 --separate-stderr ar-loop -t t -n 1 -a 'echo 0.5 >value'
	[[ $stderr == *"checked out in $(pwd -P)"* ]]
	git checkout -q main
	# ... and when it is checked out meanwhile: the keep is not lost
	run -2 --separate-stderr ar-loop -t t -n 1 \
	    -a 'echo 0.5 >value; git -C "$AR_REPO" checkout -q autoresearch/t'
	[[ $stderr == *"checked out"* ]]
	[ -z "$(git status --porcelain)" ]
	git checkout -q main
	run -0 ar-loop -t t -n 1 -a 'echo 0.4 >value'
	[ "$(rows | grep -c keep)" = 3 ]
	sound
}

@test "ar-loop: a branch that somebody moved is 75, with the way back" {
	toy
	trusting
	try 0.5
	git update-ref refs/heads/autoresearch/t main
	run -75 --separate-stderr ar-loop -t t -n 1 -a true
	eval "${stderr#*put it back with: }"
	run -1 ar-loop -t t -n 1 -a true
	sound
}

@test "ar-loop: a study has one loop at a time" {
	toy
	trusting
	run -1 ar-loop -t t -n 1 -a 'cd "$AR_REPO"
		ar-loop -t t -n 1 -a true; echo "rc $?"'
	[ "$(rows | tail -n 1)" = "discard rc 75" ]
}

@test "ar-loop: an unknown study is named with the known ones" {
	toy
	run -2 --separate-stderr ar-loop -t x -n 1 -a true
	[[ $stderr == *"x: no such study, and no other"* ]]
	trusting
	run -2 --separate-stderr ar-loop -t x -n 1 -a true
	[[ $stderr == *"x: no such study here; there is: t" ]]
	cd .. && run -2 --separate-stderr env GIT_CEILING_DIRECTORIES="$PWD" \
	    ar-loop -t x -n 1 -a true
	[[ $stderr == *"not inside a git repository"* ]]
}

@test "ar-loop: a run that takes too long is killed, grandchildren too" {
	toy
	ar-init -t t -m x:lower -k 0.3 -g 0.1 -e 'cat "$AR_WORKTREE/x"' \
	    -r '[ ! -e go ] || sh ./go; echo x:1 >x'
	run -1 ar-loop -t t -n 1 -a "cat >go <<'EOF'
trap '' TERM
setsid sh -c 'trap \"\" TERM; sleep $nap; sleep $nap' &
sleep $nap
EOF
echo hang"
	[ "$(rows | tail -n 1)" = "crash hang [timed out after 0.3 s]" ]
	[ "$(ar-log -t t --decisions -N | tail -n 1 | cut -f 6)" = timeout ]
	run -1 pgrep -f "sleep $nap"
	sound
}

@test "ar-loop: acceptance rules and directions" {
	toy
	measured -a delta:0.1
	try 0.9 0.85 0.7
	[ "$(rows | cut -d ' ' -f 1 | tr '\n' ' ')" = \
	    "keep discard keep keep " ]
	ar-init -t h -m v:higher -r true -e 'cat "$AR_WORKTREE/value"|sed s/^/v=/'
	run -1 ar-loop -t h -n 1 -a 'echo 0.5 >value'
	run -0 ar-loop -t h -n 1 -a 'echo 2 >value'
}

@test "ar-loop: stops by itself when the proposer fails or has no ideas" {
	toy
	trusting
	run -2 --separate-stderr ar-loop -t t -a 'no-such-command'
	[[ $stderr == *"5 proposals in a row failed; the last said: proposer fail"* ]]
	run -2 --separate-stderr ar-loop -t t -a 'echo same; echo 3 >value'
	[[ $stderr == *"20 proposals in a row were nothing new" ]]
	[ "$(rows | wc -l)" = 27 ]
	sound
}

@test "ar-loop: -k I/N goes on from the study in one of its own" {
	toy
	echo train.py >../protect
	measured -p ../protect -s 7
	try 0.9
	for k in 0 1; do
		ar-loop -t t -k $k/2 -n 2 -a \
		    'echo 0.8${AR_SEQ}'$k' >value; echo "$AR_TAG $AR_SEED"' 3>&- &
		pids[k]=$!
	done
	wait "${pids[0]}"
	wait "${pids[1]}"
	for k in 0 1; do
		run -0 ar-log -N -t t.$k
		[ "$(cut -f 2,4 <<<"$output" | xargs)" = \
		    "0.900000 keep 0.81${k}000 keep 0.82${k}000 discard" ]
		[[ ${lines[1]} == *"t.$k "* ]]
		cmp .git/ar/t/protect .git/ar/t.$k/protect
	done
	[ "$(cat .git/ar/t.?/config.tsv | grep ^seed | sort -u | wc -l)" = 2 ]
	[ "$(git rev-parse autoresearch/t)" = \
	    "$(git rev-parse refs/ar/t.0/base refs/ar/t.1/base | sort -u)" ]
	[ "$(rows | wc -l)" = 2 ] # the study itself was left alone
	run -1 ar-loop -t t -k 0/1 -n 0
	sound
	fails_cleanly ar-loop -t none -k 0/2
	[[ $stderr == *"none: no such study here; there is: "* ]]
}
