#!/usr/bin/env bats
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-log: the file is the table, and the table does not need the file" {
	toy
	trusting
	try 0.5 crash
	ar-log -t t | diff .git/ar/t/results.tsv -
	ar-log -t t --decisions | diff .git/ar/t/decisions.tsv -
	ar-log -t t --runs | diff .git/ar/t/runs.tsv -
	ar-log -t t >../want
	rm .git/ar/t/*s.tsv
	ar-log -t t | diff ../want -
	ar-log -t t -N | diff <(tail -n +2 ../want) -
	run -1 --separate-stderr ar-log -t t --check
	same ""
	[ "$(wc -l <<<"$stderr")" = 3 ]
}

@test "ar-log: --json has the same names, numbers as numbers, unknown as null" {
	toy
	trusting
	try crash
	run -0 ar-log -t t --json
	[ "$(jq -c '[.val_bpb, .status, .description]' <<<"$output")" = \
	    '[0.9979,"keep","baseline"]
[0,"crash","try crash"]' ]
	run -0 ar-log -t t --decisions --json
	[ "$(jq -c '[.seq, .status, .metric, .note]' <<<"${lines[1]}")" = \
	    '[1,"crash",null,"exit status 1"]' ]
	[ "$(jq -r keys_unsorted[] <<<"${lines[0]}" | tr '\n' '\t')" = \
	    "$(ar-log -t t --decisions | head -n 1)	" ]
	run -0 ar-log -t t --runs --json
	[ "$(jq -c '[.rc, .class]' <<<"${lines[1]}")" = '[1,"crash"]' ]
}

@test "ar-log: an unknown study, a newer one, and a lost write are 2" {
	toy
	trusting
	run -2 --separate-stderr ar-log -t u
	[[ $stderr == "ar-log: u: no such study here; there is: t" ]]
	run -2 bash -c 'ar-log -t t >/dev/full'
	run -2 --separate-stderr ar-log -t t --runs --check
	sed -i 's/^version.*/version	2/' .git/ar/t/config.tsv
	run -2 --separate-stderr ar-log -t t
	[[ $stderr == *"config.tsv:2: format 2 is newer than this program" ]]
}
