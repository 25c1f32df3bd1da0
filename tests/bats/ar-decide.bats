#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# verdict STATUS WORD INC CAND OPTION... - numbers are separated by spaces.
verdict() {
	local status=$1 word=$2
	{
		printf 'role\tmetric\n'
		printf 'inc\t%s\n' $3
		printf 'cand\t%s\n' $4
	} >in
	shift 4
	run "-$status" ar-decide "$@" <in
	[ "$(tail -n 1 <<<"$output" | cut -f 1)" = "$word" ]
}

@test "ar-decide: strict keeps what is better at all" {
	verdict 0 keep 1 0.999999 -d lower
	verdict 1 discard 1 1 -d lower
	verdict 1 discard 1 1.1 -d lower
	verdict 0 keep 1 1.1 -d higher
	verdict 1 discard 1 1 -d higher
	verdict 1 discard 1 0.5 -d higher
}

@test "ar-decide: delta and rel ask for more" {
	verdict 1 discard 1 0.75 -d lower -a delta:0.5
	verdict 0 keep 1 0.5 -d lower -a delta:0.5
	verdict 0 keep -2 -2.5 -d lower -a rel:25
	verdict 1 discard -2 -2.25 -d lower -a rel:25
	verdict 0 keep 100 102 -d higher --accept rel:2
	verdict 1 discard 0 0 -d higher -a delta:0
}

@test "ar-decide: means of several samples, with the numbers" {
	printf '# note\nseq\trole\tmetric\n1\tinc\t2\n2\tcand\t1\n' >in
	printf '1\tinc\t4\n3\tinc\t\n' >>in
	run -0 ar-decide -d lower <in
	same "verdict	n_cand	n_inc	mean_cand	mean_inc	delta	policy
keep	1	2	1	3	-2	strict"
	run -0 ar-decide -d lower --json <in
	[ "$(jq -r '.verdict, .delta' <<<"$output" | tr '\n' ' ')" = "keep -2 " ]
}

@test "ar-decide: bad input and no data are 2" {
	run -2 --separate-stderr ar-decide -d lower </dev/null
	for rows in 'inc\t1' 'cand\t1' 'cand\tnan\ninc\t1' 'cand\t\ninc\t1' \
	    'who\t1\ninc\t1' 'cand\t1\t2\ninc\t1' 'cand'; do
		printf "role\tmetric\n$rows\n" >in
		run -2 --separate-stderr ar-decide -d lower <in
		same ""
		[ -n "$stderr" ]
	done
	printf 'a\tb\n' >in
	run -2 --separate-stderr ar-decide -d lower <in
	[[ $stderr == *"no columns role and metric" ]]
	run -2 --separate-stderr ar-decide -d up <in
	run -2 --separate-stderr ar-decide -d lower -a delta:-1 <in
	run -2 --separate-stderr ar-decide <in
}
