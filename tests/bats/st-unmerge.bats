#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

M='===ST-MERGED-CONTENT===ST-MERGED-CONTENT===ST-MERGED-CONTENT==='

# back TENSOR - merge it and take it apart again, as "u".
back() {
	rm -rf m u
	st-merge "${@:2}" -o m "$1" && st-unmerge "${@:2}" -o u m
}

# merged [LINE...] - a scalar "m" with these lines.
merged() {
	rm -rf m
	tensor m '[]' x
	printf '%s\n' "$@" >m/storage/0/data
}

@test "st-unmerge: case 69: coefficient, place and space at the end come back" {
	printf 'coords\tcoeff\ttext\n4\t1e-7\ttail  \n' | st-make -o t -s '[5]' -
	st-merge --exact -o m t
	st-get m '' | grep -qx 'coefficient: 1e-07'
	st-unmerge -n 5 -o u m
	diff <(st-cat t) <(st-cat u)
	[ "$(st-get u 4)" = "tail  " ]
}

@test "st-unmerge: case 69: what other programs wrote loses what it lost" {
	merged $M 'index: 4' 'coefficient: 1e-07' content: '' '' '  tail  '
	st-unmerge -o u m
	[ "$(st-cat u | tail -1)" = "$(printf '4\t1e-07\ttail')" ]
}

@test "st-unmerge: case 70: blank text has no frames, other text is an error" {
	merged ' ' ''
	st-unmerge -o u m
	[ "$(st-shape u)" = '[0]' ]
	merged 'plain text'
	run -2 --separate-stderr st-unmerge -o v m
	[ "$stderr" = "st-unmerge: m[]: not a merged text: it has no frames" ]
	[ ! -e v ]
}

@test "st-unmerge: case 71: a text with the marker in it is kept" {
	tensor t '[3]' a b c
	printf 'one\n%s\nindex: 1\ncoefficient: 1.0\ncontent:\n\n  two\n' $M |
	    st-set t 1
	printf '%s' $M | st-set t 2
	back t
	diff -r t/storage u/storage
}

@test "st-unmerge: any texts come back byte for byte" {
	tensor t '[9]' '' ' ' "$(printf '\n\nx')" '  indented' 'content:' \
	    'bytes: 3' "$(printf 'a\r\nb')" "$(printf '\300\200\377')" z
	printf '\n' | st-set t 8
	back t
	diff -r t/storage u/storage
	back t -a 0
	diff -r t/storage u/storage
}

@test "st-unmerge: the axis goes back where it was" {
	tensor t '[2, 3]' a b c d e f
	for axis in 0 1 -1 -2; do
		back t -a $axis
		[ "$(st-shape u)" = '[2, 3]' ]
		diff -r t/storage u/storage
	done
	run -2 --separate-stderr st-unmerge -a 2 m
	[ "$stderr" = "st-unmerge: m: axis 2 is outside -2 to 1" ]
}

@test "st-unmerge: an edited text no longer has its length" {
	printf 'ab\n' | { tensor t '[1]' x; st-set t 0; }
	st-merge -o m t
	st-get m '' | grep -qx 'bytes: 3'
	st-get m '' | sed 's/  ab/  abc/' | st-set m ''
	st-unmerge -o u m
	[ "$(st-cat u | tail -1)" = "$(printf '0\t1\tabc')" ]
	st-get m '' | sed 's/^  abc$/  a/; /^  $/d' | st-set m ''
	st-unmerge -o v m
	[ "$(st-cat v | tail -1)" = "$(printf '0\t1\ta')" ]
}

@test "st-unmerge: blank lines around a frame, CR, prose before it" {
	merged 'Here it is:' '' "$M " '' "index:  1$(printf '\r')" \
	    'coefficient:0.5' 'note: x' 'content: ' '' 'not indented' '  b' '' '' $M ''
	st-unmerge -o u m
	[ "$(st-cat u | tail -2)" = "$(printf '0\t0\t\n1\t0.5\tnot indented\\nb')" ]
}

@test "st-unmerge: frames that say too little or the wrong thing" {
	bad() {
		merged "${@:2}"
		run -2 --separate-stderr st-unmerge -o u m || return 1
		[ "$stderr" = "st-unmerge: m[]: $1" ] && [ ! -e u ] ||
			{ echo "$stderr"; return 1; }
	}
	bad "frame 0: no line 'index:'" $M 'coefficient: 1' content: '  x'
	bad "frame 0: no line 'coefficient:'" $M 'index: 0' content: '  x'
	bad "frame 0: no line 'content:'" $M 'index: 0' 'coefficient: 1'
	bad "frame 0: not a number in 'index: -1'" $M 'index: -1'
	bad "frame 0: not a number in 'index: one'" $M 'index: one'
	bad "frame 0: not a number in 'coefficient: nan'" $M 'index: 0' \
	    'coefficient: nan'
	bad "index 0 comes twice" $M 'index: 0' 'coefficient: 1' content: a \
	    $M 'index: 0' 'coefficient: 1' content: b
	run -2 --separate-stderr st-unmerge -n 0 -o u m
	[ "$stderr" = "st-unmerge: m[]: index 0 is outside an axis of 0" ]
}

@test "st-unmerge: case 73: a changed frame is a diff, others are absent" {
	tensor t '[2]' alpha beta
	st-merge -o m t
	st-get m '' | sed 's/alpha/ALPHA/' | st-set m ''
	run -0 st-unmerge --grad t -o g m
	same g
	run -0 st-cat g
	same "$(printf '%s\n' 'coords	coeff	text' \
	    '0	1	--- data\n+++ data\n@@ -1 +1 @@\n-alpha\n+ALPHA\n' '1	0	')"
	[ ! -e g/storage/1/data ]
}

@test "st-unmerge: case 73: a changed coefficient is the gradient's" {
	tensor t '[2]' alpha beta
	st-merge -o m t
	st-get m '' | sed '0,/coefficient: 1.0/s//coefficient: 0.5/
	    s/alpha/ALPHA/' | st-set m ''
	st-unmerge --grad t -o g m
	[ "$(st-cat g | cut -f 2)" = "$(printf 'coeff\n0.5\n0')" ]
	# Without a change of the text, too.
	st-get m '' | sed 's/ALPHA/alpha/' | st-set m ''
	st-unmerge --grad t -o h m
	[ "$(st-cat h | sed -n 2,3p)" = "$(printf '0\t0.5\t\n1\t0\t')" ]
	[ -e h/storage/0/data ]
}

@test "st-unmerge: case 73: removed, added and moved frames are errors" {
	tensor t '[3]' a b
	st-merge -o m t
	st-merge -o keep t
	st-get keep '' | sed '1,6d' | st-set m ''
	run -2 --separate-stderr st-unmerge --grad t -o g m
	[ "$stderr" = "st-unmerge: t[0]: its frame is missing or not in its place" ]
	{ st-get keep ''; printf '\n%s\n' $M 'index: 2' 'coefficient: 1.0' \
	    content: c; } | st-set m ''
	run -2 --separate-stderr st-unmerge --grad t -o g m
	[ "$stderr" = "st-unmerge: m[]: has frames that merging did not make" ]
	st-set -d m ''
	run -2 --separate-stderr st-unmerge --grad t -o g m
	[[ $stderr == *missing* ]]
	[ ! -e g ]
}

@test "st-unmerge: case 73: merging alone changes nothing" {
	printf 'coords\tcoeff\ttext\n0,0\t.3\ta\\n\n1,1\t1\tb \n' |
	    st-make -o t -s '[2, 2]' -
	for axis in 0 1; do
		rm -rf m g
		st-merge -a $axis -o m t
		st-unmerge -a $axis --grad t -o g m
		[ "$(st-shape g)" = '[2, 2]' ]
		[ ! -e g/storage ]
	done
}

@test "st-unmerge: --grad wants the tensor that was merged" {
	tensor t '[2, 2]' a b c d
	tensor u '[3, 2]' a b c d e f
	st-merge -o m t
	run -2 --separate-stderr st-unmerge --grad u m
	[ "$stderr" = "st-unmerge: u [3, 2] and the frames [2, 2]: shapes differ" ]
	run -2 st-unmerge --grad t -n 2 m
}
