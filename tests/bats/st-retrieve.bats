#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# experience DIR QUERY... - rows with these queries, key "kN" and value "vN".
experience() {
	local dir=$1 i=0 args=() q
	shift
	for q; do
		args+=("$q" "k$i" "v$i")
		i=$((i + 1))
	done
	tensor "$dir" "[$i, 3]" "${args[@]}"
}

# score QUERY ROW [OPTION...] - of the only row, as printed.
score() {
	local q=$1 r=$2
	shift 2
	experience one "$r"
	printf %s "$q" | st-retrieve -N "$@" one | cut -f 2
	rm -r one
}

# twelve - rows whose queries are k0, k1, k2, k0, ...
twelve() {
	experience exp k0 k1 k2 k0 k1 k2 k0 k1 k2 k0 k1 k2
}

rows() {
	cut -f 1 <<<"$output" | paste -sd ,
}

@test "st-retrieve: case 81: Jaccard of sets of lines" {
	third=0.33333333333333331
	[ "$(score $'python\nfunction' $'python\nfunction\ndef')" = \
	    0.66666666666666663 ]
	[ "$(score $'alpha\nbeta' $'alpha\ngamma\nepsilon')" = 0.25 ]
	[ "$(score $'a\n\n \nb' $'b\na')" = 1 ]
	[ "$(score $'a \nb' $'a\nb')" = $third ]
	[ "$(score $'a\nb' $'a \nb')" = $third ]
	[ "$(score A a)" = 0 ]
	[ "$(score '' $' \n')" = 0 ]
	# white space around the whole text is not part of its lines
	[ "$(score $' a\nb \n\n' $'a\nb')" = 1 ]
	[ "$(score $'a\nb\nb\na' $'a\nb')" = 1 ]
	[ "$(score $'b\na' $'a\r\nb')" = $third ]
}

@test "st-retrieve: case 82: multi is containment of words in the row" {
	[ "$(score $'a \nb' $'a\nb' -m multi)" = 1 ]
	[ "$(score 'alpha beta' 'alpha gamma epsilon' -m multi)" = \
	    0.33333333333333331 ]
	[ "$(score 'a b c d' 'b' -m multi)" = 1 ]
	[ "$(score 'b' 'a b c d' -m multi)" = 0.25 ]
	[ "$(score '' ' ' -m multi)" = 0 ]
	# no-break and ideographic spaces are white space
	[ "$(score 'a b' $'a\xc2\xa0b\xe3\x80\x80c' -m multi)" = 0.66666666666666663 ]
}

@test "st-retrieve: case 83: ties are in the order of rows, or of paths" {
	twelve
	run -0 --separate-stderr st-retrieve -N -k 6 exp <<<k1
	[ -z "$stderr" ]
	[ "$(rows)" = 1,4,7,10,0,2 ]
	[ "$(cut -f 2 <<<"$output" | paste -sd ,)" = 1,1,1,1,0,0 ]
	run -0 st-retrieve -N -k 6 --compat experience exp <<<k1
	[ "$(rows)" = 1,10,4,7,0,11 ]
	run -0 st-retrieve -N -k 2 exp <<<k1
	[ "$(rows)" = 1,4 ]
	run -0 st-retrieve -N -k 2 --compat experience exp <<<k1
	[ "$(rows)" = 1,10 ]
}

@test "st-retrieve: case 84: more rows wanted than there are gives all" {
	twelve
	for k in 12 13 1000000; do
		run -0 st-retrieve -N -k $k exp <<<k2
		[ "$(rows)" = 2,5,8,11,0,1,3,4,6,7,9,10 ]
	done
	run -0 st-retrieve -N exp <<<k2
	[ "${#lines[@]}" -eq 12 ]
	run -0 st-retrieve -N -k 12 --compat experience exp <<<k2
	[ "$(rows)" = 11,2,5,8,0,1,10,3,4,6,7,9 ]
}

@test "st-retrieve: case 85: rows with an empty or absent query are left out" {
	experience exp a '' b '' a c
	rm exp/storage/1/5/data # row 5
	printf 'x%.0s' {1..70000} >exp/storage/1/2/data # row 4, and a long one
	run -0 st-retrieve -N exp <<<a
	[ "$(rows)" = 0,2,4 ]
	# a coefficient of 0 says that there is nothing
	printf '%-15.9g\n' 0 >exp/coeff
	run -0 st-retrieve -N exp <<<a
	[ "$(rows)" = 2,4 ]
	# a hole, or the end of the file, says nothing
	truncate -s 0 exp/coeff
	truncate -s 160 exp/coeff
	run -0 st-retrieve -N exp <<<a
	[ "$(rows)" = 0,2,4 ]
	# white space alone is a query that is like nothing
	printf ' \n' >exp/storage/3/data
	run -0 st-retrieve -N exp <<<a
	[ "$(rows)" = 0,1,2,4 ]
}

@test "st-retrieve: case 86: nothing to choose from is a cold start" {
	experience exp '' '' '' '' '' ''
	fails_cleanly st-retrieve -N -k 3 exp <<<a
	[ "$status" -eq 1 ]
	[[ $stderr == "st-retrieve: exp: no row has a query yet"* ]]
	run -0 --separate-stderr st-retrieve -N -k 3 --cold-start exp <<<a
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 3 ]
	[ "$(cut -f 1 <<<"$output" | sort -u | grep -cx '[0-5]')" -eq 3 ]
	[ -z "$(cut -f 2 <<<"$output" | tr -d '\n')" ]
	first=$output
	run -0 st-retrieve -N -k 3 --cold-start exp <<<a
	same "$first"
	for seed in {2..9}; do
		st-retrieve -N -k 3 --cold-start -s $seed exp <<<a
	done >others
	[ "$(cut -f 1 others | sort -u | wc -l)" -eq 6 ]
	run -0 st-retrieve -N -k 9 --cold-start exp <<<a
	[ "${#lines[@]}" -eq 6 ]
	run -0 jq -se 'map(.score) == [null]' \
	    <(st-retrieve -j -k 1 --cold-start exp <<<a)
	# the switch changes nothing once there is something to choose from
	experience exp a
	run -0 st-retrieve -N --cold-start exp <<<a
	same $'0\t1'
	tensor none '[0, 3]'
	fails_cleanly st-retrieve none <<<a
	[ "$status" -eq 1 ]
	run -1 st-retrieve -N --cold-start none <<<a
}

@test "st-retrieve: case 87: without noise always the same, with it N(m/4, m/4 + 0.01)" {
	tensor exp '[4000, 3]'
	for i in {1..7}; do mkdir -p "exp/storage/$i"; done
	seq 0 3 2997 | sed 's,.,&/,g; s,^,exp/storage/,' >dirs
	xargs mkdir -p <dirs
	sed 's/$/data/' dirs >cells
	while read -r p; do printf 'a\nb' >"$p"; done <cells
	run -0 st-retrieve -N -k 5000 exp <<<a
	[ "$(cut -f 2 <<<"$output" | sort -u)" = 0.5 ]
	plain=$output
	run -0 st-retrieve -N -s 7 -k 5000 exp <<<a
	same "$plain"
	# 1000 scores of 0.5: noise has mean 0.125 and deviation 0.135
	run -0 st-retrieve -N --noise -k 5000 exp <<<a
	awk '{ s += $2; q += $2 * $2 }
	    END { m = s / NR; d = sqrt(q / NR - m * m)
	    exit !(NR == 1000 && m > 0.61 && m < 0.64 && d > 0.125 && d < 0.145) }' \
	    <<<"$output"
	noisy=$output
	sort -k 2,2gr -s <<<"$noisy" | cmp - <(printf '%s\n' "$noisy")
	run -0 st-retrieve -N --noise -s 1 -k 5000 exp <<<a
	same "$noisy"
	run -0 st-retrieve -N --noise -s 2 -k 5000 exp <<<a
	[ "$output" != "$noisy" ]
}

@test "st-retrieve: a header, all columns, JSON" {
	experience exp $'a\tb\nc' ''
	rm exp/storage/2/data
	printf 'x\ny' >exp/storage/1/data
	run -0 st-retrieve exp <<<c
	same $'row\tscore\n0\t0.5'
	run -0 st-retrieve -a exp <<<c
	same $'row\tscore\tquery\tkey\tvalue\n0\t0.5\ta\\tb\\nc\tx\\ny\t'
	run -0 st-retrieve -aj exp <<<c
	same '{"row":"0","score":0.5,"query":"a\tb\nc","key":"x\ny","value":null}'
	printf 'a\0b' >exp/storage/1/data
	run -2 --separate-stderr st-retrieve -aj exp <<<c
	[[ $stderr == "st-retrieve: exp[0,1]: holds a NUL"* ]]
}

@test "st-retrieve: several queries, from files and from a tensor" {
	twelve
	echo k1 >q1
	echo k2 >q2
	run -0 st-retrieve -k 2 exp q1 - q2 <<<k0
	same "$(printf '%s\t%s\t%s\n' of row score q1 1 1 q1 4 1 - 0 1 - 3 1 \
	    q2 2 1 q2 5 1)"
	run -0 st-retrieve -N -k 1 exp q2
	same $'2\t1'
	tensor qs '[2, 2]' k2 k1 k0
	run -0 st-retrieve -k 1 -Q qs exp
	same "$(printf '%s\t%s\t%s\n' of row score 0,0 2 1 0,1 1 1 1,0 0 1)"
	run -0 st-retrieve -j -k 1 -Q qs exp
	[ "${lines[0]}" = '{"of":"0,0","row":"2","score":1}' ]
	fails_cleanly st-retrieve -Q qs exp q1
	fails_cleanly st-retrieve -Q nosuch exp
	fails_cleanly st-retrieve exp q1 nosuch
	[ "$status" -eq 2 ]
}

@test "st-retrieve: --threshold leaves out what is not like enough" {
	twelve
	run -0 st-retrieve -N --threshold 1 exp <<<k1
	[ "$(rows)" = 1,4,7,10 ]
	run -0 st-retrieve -N --threshold 0.5 exp <<<$'k1\nk2'
	[ "$(rows)" = 1,2,4,5,7,8,10,11 ]
	run -1 --separate-stderr st-retrieve -N --threshold 0.51 exp <<<$'k1\nk2'
	[ -z "$output" ] && [ -z "$stderr" ]
}

@test "st-retrieve: experiences of more dimensions have rows of more numbers" {
	tensor exp '[2, 11, 3]' x
	p=exp/storage
	mkdir -p $p/3/3 $p/6/3 $p/3/6
	echo a | tee $p/3/3/data $p/6/3/data $p/3/6/data
	run -0 st-retrieve -N -k 3 exp <<<a
	[ "$(cut -f 1 <<<"$output" | paste -sd ' ')" = '1,0 1,1 1,10' ]
	run -0 st-retrieve -N -k 3 --compat experience exp <<<a
	[ "$(cut -f 1 <<<"$output" | paste -sd ' ')" = '1,0 1,1 1,10' ]
	mkdir -p $p/3/9
	echo a >$p/3/9/data # row 1,2: after 1,10 among paths
	run -0 st-retrieve -N -k 4 --compat experience exp <<<a
	[ "$(cut -f 1 <<<"$output" | paste -sd ' ')" = '1,0 1,1 1,10 1,2' ]
	run -0 st-retrieve -N -k 4 exp <<<a
	[ "$(cut -f 1 <<<"$output" | paste -sd ' ')" = '1,0 1,1 1,2 1,10' ]
}

@test "st-retrieve: what is no experience is refused" {
	tensor flat '[3]' a b c
	tensor wide '[2, 4]' a
	tensor scalar '[]' a
	mkdir bare
	for t in flat wide scalar bare nosuch; do
		fails_cleanly st-retrieve "$t" <<<a
		[ "$status" -eq 2 ]
		[[ $stderr == "st-retrieve: $t"* ]]
	done
	fails_cleanly st-retrieve flat <<<a
	[[ $stderr == *"[3] is not an experience's"* ]]
	fails_cleanly st-retrieve
	experience exp a
	fails_cleanly st-retrieve -k 0 exp <<<a
	rm exp/storage/0/data
	mkdir exp/storage/0/data
	fails_cleanly st-retrieve exp <<<a
	[[ $stderr == "st-retrieve: exp[0,0]: "* ]]
	# a FIFO in the place of a text does not hang us
	rmdir exp/storage/0/data
	mkfifo exp/storage/0/data
	run -1 timeout 5 st-retrieve exp <<<a
}

@test "st-retrieve: rows that are links to a sibling are read" {
	twelve
	experience view '' ''
	ln -sf ../../../exp/storage/3/data view/storage/0/data
	ln -sf ../../../exp/storage/nosuch view/storage/3/data
	run -0 st-retrieve -N view <<<k1
	same $'0\t1'
}

@test "st-retrieve: -o makes a view of the chosen rows" {
	experience exp k0 k1 k2 'k1
x'
	rm exp/storage/5/data # the value of row 1
	run -0 --separate-stderr st-retrieve -k 2 -o view exp <<<k1
	same view
	[ -z "$stderr" ]
	run -0 st-shape view
	same '[2, 3]'
	[ "$(st-get view 0,0)$(st-get view 0,1)" = k1k1 ]
	[ "$(st-get view 1,0)" = $'k1\nx' ]
	[ "$(st-get view 1,2)" = v3 ]
	run -1 st-get view 0,2
	# a write through it reaches the experience
	st-set view 1,2 <<<new
	[ "$(st-get exp 3,2)" = new ]
	# it is an experience of its own
	run -0 st-retrieve -N view <<<x
	same $'1\t0.5\n0\t0'
	fails_cleanly st-retrieve -o view exp <<<k1
	[[ $stderr == *"view: exists already" ]]
	fails_cleanly st-retrieve -o other exp q1 q2
	run -1 --separate-stderr st-retrieve --threshold 2 -o other exp <<<k1
	[ -z "$output" ]
	[ -z "$(find . -name '*other*')" ]
}
