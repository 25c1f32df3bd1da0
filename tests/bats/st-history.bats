#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	tensor t '[3]' one two three
}

rows() {
	st-history -N "$@" | cut -f 1,2,5
}

@test "st-history: versions in a repository of the tensor's own" {
	run -1 --separate-stderr st-history t
	same "tensor	version	time	commit	message"
	[ ! -e t/.history ]
	run -0 --separate-stderr st-history -s first t
	grep -Exq 't	1	20[0-9-]+T[0-9:]+Z	[0-9a-f]{40}	first' <<<"${lines[1]}"
	run -0 st-history -s 'the same' t
	[[ ${lines[1]} == t*1*first ]]
	echo x | st-set t 1
	st-history -s $'two\nlines	' t >/dev/null
	same_rows=$(rows t)
	[ "$same_rows" = 't	1	first
t	2	two\nlines\t' ]
	run -0 st-history -j t
	[ "$(jq -r '.version' <<<"$output")" = $'1\n2' ]
	[ "$(jq -r 'select(.version == 2).message' <<<"$output")" = $'two\nlines\t' ]
	run -0 st-fsck -N t
	[ -z "$output" ]
	git --git-dir t/.history fsck --strict 2>/dev/null
}

@test "st-history: a version is the tensor, every byte of it" {
	st-make -o u -s '[2, 3]' $'a\n' '' $'\xff\x80' $'x\r\n' 'no end' TODO >/dev/null
	st-set -k -c 0.25 u 1,1
	st-set -d u 0,2
	st-history -s x u >/dev/null
	mkdir out
	git --git-dir u/.history archive refs/st/tensor | tar -x -C out
	cmp <(st-cat u) <(st-cat out)
	# without coefficients of its own it has no file for them
	st-history -s x t >/dev/null
	[ "$(git --git-dir t/.history ls-tree --name-only refs/st/tensor)" = \
	    $'shape\nstorage' ]
}

@test "st-history: in a user's repository nothing but refs/st changes" {
	git init -q r
	mkdir -p r/data && mv t 'r/data/my t'
	cd r
	echo staged >s && git add s && echo more >>s && echo loose >l
	mkdir -p .git/hooks
	printf '#!/bin/sh\ntouch "%s/hook-ran"\n' "$PWD" >.git/hooks/reference-transaction
	chmod +x .git/hooks/reference-transaction
	git commit -qm mine && rm -f hook-ran && echo again >>s && git add s
	git status --porcelain >../before && git rev-parse HEAD >>../before
	cp .git/index ../index
	run -0 --separate-stderr st-history -s v1 'data/my t'
	echo new | st-set 'data/my t' 0
	GIT_DIR=/nowhere GIT_INDEX_FILE=/nowhere run -0 st-history -s v2 'data/my t'
	[ "$(git for-each-ref --format='%(refname)' refs/st)" = \
	    refs/st/data%2Fmy%20t ]
	[ "$(git show refs/st/data%2Fmy%20t:storage/0/data)" = new ]
	cmp .git/index ../index
	(git status --porcelain && git rev-parse HEAD) | cmp - ../before
	[ ! -e 'data/my t/.history' ] && [ ! -e hook-ran ]
	(cd 'data/my t' && [ "$(st-history -N . | wc -l)" = 2 ])
	run -0 st-undo 'data/my t'
	[ "$(st-get 'data/my t' 0)" = one ]
	(git status --porcelain && git rev-parse HEAD) | cmp - ../before
	git gc -q --prune=now && [ "$(st-history -N 'data/my t' | wc -l)" = 3 ]
}

@test "st-history: two at a time lose nothing" {
	for i in 1 2 3 4 5 6; do
		(echo "$i" | st-set t $((i % 3))
		st-history -s "v$i" t >/dev/null || echo "$i" >>failed) &
	done
	wait
	[ ! -e failed ]
	st-history -N t >list
	[ "$(cut -f 2 list)" = "$(seq "$(wc -l <list)")" ]
	echo last | st-set t 0
	st-history -s last t >/dev/null
	[ "$(st-history -N t | tail -1 | cut -f 5)" = last ]
}

@test "st-history: names on stdin, and what is wrong" {
	cp -r t u
	run -0 --separate-stderr st-history -Ns both <<<$'t\nu'
	[ "$(cut -f 1,2,5 <<<"$output")" = $'t\t1\tboth\nu\t1\tboth' ]
	run -2 --separate-stderr st-history -N none t
	[ "${#lines[@]}" = 1 ] && [[ $stderr == "st-history: none: No such file"* ]]
	run -2 --separate-stderr st-history -s '' t
	[[ $stderr == *"a version needs a message"* ]]
	mkdir p
	run -2 --separate-stderr "$(command -v env)" PATH="$PWD/p" "$(command -v st-history)" t
	[[ $stderr == *"git: No such file or directory"* ]]
	echo ruin >t/.history/HEAD
	run -2 --separate-stderr st-history t
	[[ $stderr == "st-history: t: git: "* ]]
}
