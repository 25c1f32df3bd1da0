#!/usr/bin/env bats
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-init: makes a branch, refs and a baseline, and says nothing" {
	toy
	run -0 --separate-stderr trusting
	same ""
	[ -z "$stderr" ]
	head=$(git rev-parse HEAD)
	for ref in autoresearch/t refs/ar/t/base refs/ar/t/best refs/ar/t/exp/000000
	do
		[ "$(git rev-parse "$ref")" = "$head" ]
	done
	run -0 cat .git/ar/t/results.tsv
	same "commit	val_bpb	memory_gb	status	description
$(git rev-parse HEAD | cut -c 1-7)	0.997900	44.0	keep	baseline"
	sound
}

@test "ar-init: the user's tree, index and HEAD stay as they are" {
	toy
	printf '*.o\n' >.gitignore && echo 1 >staged && echo 1 >both && commit two
	echo 2 >staged && git add staged && echo 3 >both && git add both
	echo 4 >both && echo x >new && echo y >x.o && rm value && mkdir -p d/e
	snapshot() {
		git status --porcelain --ignored
		git symbolic-ref HEAD && git rev-parse HEAD
		git ls-files -s && find . -path ./.git -prune -o -ls
		sha256sum .git/index .git/HEAD
	}
	snapshot >../before
	trusting -p <(echo staged)
	try 0.5 0.6
	ar-drop -t t 1
	snapshot >../after
	diff ../before ../after
	[ "$(rows)" = "keep baseline
discard try 0.5
discard try 0.6" ]
}

@test "ar-init: says what is missing" {
	toy
	run -2 --separate-stderr ar-init -t t -m val_bpb:lower -r ./train.py
	[[ $stderr == *"--trust-run"* ]]
	run -2 --separate-stderr ar-init -t t -m val_bpb -r true -e true
	[[ $stderr == *"say val_bpb:lower or val_bpb:higher" ]]
	run -2 --separate-stderr ar-init -t a/b -m x:lower -r true -e true
	[[ $stderr == *"a/b: not a tag"* ]]
	run -2 --separate-stderr ar-init -t t -m 'x:lower:a(' -r true -e true
	run -2 --separate-stderr ar-init -t t -m x:lower -r true -e true -a best
	[[ $stderr == *"best: not strict, delta:NUMBER or rel:PERCENT" ]]
	echo nothing.txt >../list
	run -2 --separate-stderr trusting -p ../list
	[[ $stderr == *"nothing.txt: matches nothing"* ]]
	run -2 --separate-stderr trusting -p ../no-list
	[ ! -e .git/ar/t ]
	trusting
}

@test "ar-init: outside a repository, and in one without commits, exit 2" {
	run -2 --separate-stderr env GIT_CEILING_DIRECTORIES="$PWD" ar-init -t t \
	    -m x:lower -r true -e true
	[[ $stderr == *"not inside a git repository"* ]]
	git init -q empty && cd empty
	run -2 --separate-stderr ar-init -t t -m x:lower -r true -e true
	[[ $stderr == *"no commit"* ]]
	[ ! -e .git/ar/t ]
}

@test "ar-init: a study or a branch of that name is left alone" {
	toy
	trusting
	run -2 --separate-stderr trusting
	[[ $stderr == *"exists already; go on with ar-loop -t t"* ]]
	git branch autoresearch/u
	run -2 --separate-stderr ar-init -t u -m x:lower -r true -e 'echo x:1'
	[[ $stderr == *"branch autoresearch/u exists"* ]]
	[ ! -e .git/ar/u ]
	sound
}

@test "ar-init: a crashed baseline is a row, and may be tried again" {
	toy
	run -2 --separate-stderr ar-init -t t -m val_bpb:lower --trust-run \
	    -r 'echo oh no >&2; exit 3'
	[[ $stderr == *"exit status 3"* ]]
	tail=${stderr#*see } && tail=${tail%%, mend*}
	[ "$(cat "$tail")" = "oh no" ]
	[ "$(rows)" = "crash baseline" ]
	run -2 --separate-stderr ar-loop -t t -n 1 -a true
	[[ $stderr == *"give ar-init again"* ]]
	trusting
	[ "$(rows)" = "keep baseline" ]
	sound
}

@test "ar-init: an interrupted baseline is finished by ar-init or ar-loop" {
	toy
	# kills whoever started it, once
	kill='[ -e ../killed ] || { : >../killed; kill -9 $PPID; }; ./train.py'
	cmd="cd $PWD; $kill"
	for how in ar-init ar-loop; do
		rm -f ../killed
		run -137 ar-init -t t -m val_bpb:lower -r "$cmd" --trust-run
		run -2 --separate-stderr ar-init -t t -m val_bpb:higher -r "$cmd" \
		    --trust-run
		[[ $stderr == *"other settings"* ]]
		if [ $how = ar-init ]; then
			ar-init -t t -m val_bpb:lower -r "$cmd" --trust-run
		else
			run -1 ar-loop -t t -n 0
		fi
		[ "$(rows)" = "keep baseline" ]
		sound
		ar-init -t t --remove
	done
}

@test "ar-init: --remove leaves nothing but what was kept" {
	toy
	git for-each-ref >../refs
	trusting
	ar-init -t t --remove
	git for-each-ref | diff ../refs -
	[ -z "$(find .git/ar .git/worktrees -mindepth 1 -print -quit)" ]
	trusting
	git checkout -q autoresearch/t
	ar-init -t t --remove
	git rev-parse -q --verify HEAD
	git checkout -q main && git branch -q -d autoresearch/t
	trusting
	try 0.5
	ar-init -t t --remove
	[ "$(git log -1 --format=%s autoresearch/t)" = "try 0.5" ]
	run -2 --separate-stderr ar-init -t t --remove
	[[ $stderr == *"t: no such study"* ]]
}

@test "ar-init: works in a subdirectory and in a linked worktree" {
	toy
	mkdir sub && cd sub && trusting && cd ..
	git worktree add -q --detach ../other
	cd ../other
	[ "$(rows)" = "keep baseline" ]
	try 0.5
	[ -z "$(git status --porcelain --ignored)" ]
	sound
}

@test "ar-init: odd names, links and a repository without a user" {
	git init -q odd && cd odd
	mkdir 'a b' && echo 1 >'a b/c"d' && echo 2 >$'n\nl' && echo 3 >$'t\tb'
	ln -s 'a b' link && ln -s nowhere dangling && commit one
	unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME
	unset GIT_COMMITTER_EMAIL
	printf '%s\n' 'a b' link dangling >../list
	ar-init -t t -m n:higher -p ../list \
	    -r 'test -L link && test -e "a b/c\"d" && test -L dangling' \
	    -e 'ls "$AR_WORKTREE" | wc -l | sed s/^/n:/'
	ar-loop -t t -n 1 -a 'echo 1 >"x	y"; echo 2 >"
z"; touch "\"q\""; echo odd'
	sound
	[ "$(git log -1 --format='%an <%ae>' refs/ar/t/exp/000001)" = \
	    "learnutils <learnutils@localhost>" ]
}

@test "ar-init: hooks, signing, sparse checkouts of the user stay out of it" {
	toy
	mkdir d && echo 1 >d/f && commit d
	for hook in post-checkout reference-transaction post-index-change; do
		printf '#!/bin/sh\necho %s >>"%s/ran"\n' $hook "$BATS_TEST_TMPDIR" \
		    >.git/hooks/$hook
		chmod +x .git/hooks/$hook
	done
	git config commit.gpgSign true && git config gpg.program false
	git config core.fsmonitor "$PWD/../no-such-monitor"
	git config core.autocrlf true && git config core.splitIndex true
	git config core.sparseCheckout true && echo /value >.git/info/sparse-checkout
	rm -f ../ran
	ar-init -t t -m val_bpb:lower -r 'test -e d/f && ./train.py' --trust-run
	ar-loop -t t -n 1 -a 'echo 0.5 >value'
	[ ! -e ../ran ]
	sound
	[ "$(git show autoresearch/t:value | od -c | head -n 1)" = \
	    "$(echo 0.5 | od -c | head -n 1)" ]
}
