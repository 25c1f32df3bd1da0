#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

# texts TENSOR - its texts in order, absent ones as "-", as one line.
texts() {
	st-cat "$1" | awk -F '\t' 'NR > 1 {
	    line = line " " ($3 == "" && $2 == 0 ? "-" : $3) }
	    END { print substr(line, 2) }'
}

# picks INDEX SHAPE TEXTS - what an index selects from [[a,b,c],[d,e,f]].
picks() {
	rm -rf t r
	tensor t '[2, 3]' a b c d e f
	run -0 --separate-stderr st-slice -o r t "$1" || return 1
	same r && [ "$(cat r/shape)" = "$2" ] && [ "$(texts r)" = "$3" ] ||
		{ echo "$1: $(cat r/shape) $(texts r)"; return 1; }
}

# refuses INDEX REASON - exit 2 with the reason, and nothing is made.
refuses() {
	rm -rf t r
	tensor t '[2, 3]' a b c d e f
	run -2 --separate-stderr st-slice -o r t "$1" || return 1
	[ "$stderr" = "st-slice: t: $1: $2" ] && [ -z "$output" ] &&
		[ "$(ls -A)" = t ] || { echo "$stderr; $(ls -A)"; return 1; }
}

@test "st-slice: case 16: a view of 0:3:2 is relative links" {
	tensor t '[3]' a b c
	run -0 st-slice -v -o v t 0:3:2
	same v
	[ "$(cat v/shape)" = '[2]' ]
	[ "$(readlink v/storage/0/data)" = ../../../t/storage/0/data ]
	[ "$(readlink v/storage/1/data)" = ../../../t/storage/2/data ]
	[ "$(texts v)" = "a c" ]
	[ ! -e v/coeff ]
}

@test "st-slice: case 16: links to elements of more digits go up further" {
	tensor t '[12]' a b c d e f g h i j k l
	st-slice -v -o v t ::-1
	[ "$(readlink v/storage/1/1/data)" = ../../../../t/storage/0/data ]
	[ "$(readlink v/storage/1/data)" = ../../../t/storage/1/0/data ]
	[ "$(texts v)" = "l k j i h g f e d c b a" ]
}

@test "st-slice: case 17: a view of a view links to the original" {
	tensor t '[3]' a b c
	st-slice -v -o v t 1:
	st-slice -v -o w v '[1]'
	[ "$(readlink w/storage/0/data)" = ../../../t/storage/2/data ]
}

@test "st-slice: case 18: rows, and lists as an outer product" {
	picks 1,0:3 '[3]' 'd e f'
	picks '[0,1],[1,2]' '[2, 2]' 'b c e f'
}

@test "st-slice: case 19: a list may repeat" {
	picks '[1,1,0],2' '[3]' 'f f c'
}

@test "st-slice: case 20: one coordinate for each dimension is a scalar" {
	picks 1,2 '[]' f
}

@test "st-slice: case 21: an empty selection keeps its shape" {
	tensor t '[2, 3]' a b c d e f
	for view in '' -v; do
		rm -rf r
		st-slice $view -o r t 2:
		[ "$(cat r/shape)" = '[0, 3]' ]
		[ ! -e r/storage ]
	done
	picks '[],1' '[0]' ''
}

@test "st-slice: case 22: negative coordinates count from the end" {
	picks -1 '[3]' 'd e f'
	picks -2,-3 '[]' a
	picks '[-1,0],-1' '[2]' 'f c'
}

@test "st-slice: case 23: out of range is an error, not another element" {
	refuses 5 'index 5 is out of range for dimension 0 of 2'
	refuses 0,5 'index 5 is out of range for dimension 1 of 3'
	refuses -3 'index -3 is out of range for dimension 0 of 2'
	refuses '[0,2],1' 'index 2 is out of range for dimension 0 of 2'
}

@test "st-slice: case 24: a wrong number of indices" {
	refuses 0,1,2 '3 indices for 2 dimensions'
	refuses ...,0,1,2 '3 indices for 2 dimensions'
	tensor s '[]' x
	run -2 --separate-stderr st-slice s 0
	[ "$stderr" = "st-slice: s: 0: 1 indices for 0 dimensions" ]
}

@test "st-slice: missing indices and ... are whole dimensions" {
	picks '' '[2, 3]' 'a b c d e f'
	picks 0 '[3]' 'a b c'
	picks ...,0 '[2]' 'a d'
	picks '0,...' '[3]' 'a b c'
	picks '1,2,...' '[]' f
	picks ' 1 , : ' '[3]' 'd e f'
	refuses ...,... 'more than one ...'
}

@test "st-slice: ranges are Python's" {
	picks :,:9 '[2, 3]' 'a b c d e f'
	picks ::-1,-2: '[2, 2]' 'e f b c'
	picks 0,::2 '[2]' 'a c'
	picks 0,2:0:-1 '[2]' 'c b'
	picks 0,-9:-1 '[2]' 'a b'
	picks 0,1:1 '[0]' ''
	picks 0,::-2 '[2]' 'c a'
	picks 0,5::-1 '[3]' 'c b a'
	picks 0,0:3:100 '[1]' a
}

@test "st-slice: what is no index" {
	refuses a "not a number, a range or a list at 'a'"
	refuses 0:x "not a range such as 0:3 at 'x'"
	refuses 0:1:2:3 "not an index at ':3'"
	refuses ::0 'the step of a range is 0'
	refuses '[0' 'a list such as [1,1,0] has no end'
	refuses '[0]1' "not an index at '1'"
	refuses 99999999999999999999 \
	    "not a number, a range or a list at '99999999999999999999'"
}

@test "st-slice: case 26: a view of absent elements shows what comes later" {
	tensor t '[2]'
	st-slice -v -o v t :
	[ "$(texts v)" = "- -" ]
	[ ! -e v/coeff ]
	printf new | st-set t 1
	[ "$(texts v)" = "- new" ]
	[ "$(st-cat v | tail -1)" = "$(printf '1\t1\tnew')" ]
}

@test "st-slice: ended by a signal it leaves nothing" {
	tensor t '[1]' x
	many=$(printf '0,%.0s' {1..20000})
	st-slice -o r t "[${many%,}]" &
	until [ -d .r.new.$! ]; do sleep .01; done
	kill -TERM $!
	wait $! || got=$?
	[ "$got" -eq 143 ]
	[ "$(ls -A)" = t ]
}

@test "st-slice: case 25: writing a copy does not change the original" {
	tensor t '[2]' a b
	st-slice -o c t :
	printf X | st-set c 0
	[ "$(texts t)" = "a b" ]
	[ "$(texts c)" = "X b" ]
}

@test "st-slice: absent, empty and weighted elements stay what they are" {
	printf 'coords\tcoeff\ttext\n0\t.5\ta\n2\t1\t\n3\t0\tb\n' |
	    st-make -o t -s '[4]' -
	for view in '' -v; do
		rm -rf r
		st-slice $view -o r t ::-1
		run -0 st-cat r
		same "$(printf 'coords\tcoeff\ttext\n0\t0\tb\n1\t1\t\n2\t0\t\n3\t0.5\ta')"
	done
	st-slice -o r2 t :
	[ ! -e r2/storage/1/data ]
}

@test "st-slice: copies any bytes" {
	tensor t '[1]' x
	printf 'a\r\n\0\377\n\n' >t/storage/0/data
	st-slice -o r t :
	cmp t/storage/0/data r/storage/0/data
}

@test "st-slice: without -o the result has a fresh name" {
	tensor t '[1]' x
	run -0 st-slice t 0
	[[ $output =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]]
	[ "$(st-get "$output" '')" = x ]
}

@test "st-slice: a taken name is refused and left alone" {
	tensor t '[1]' x
	mkdir d e && touch d/f
	run -2 --separate-stderr st-slice -o d t 0
	[ "$stderr" = "st-slice: d: exists already" ]
	[ "$(ls -A d)" = f ]
	run -0 st-slice -o e/ t 0
	[ "$(ls -A)" = "$(printf 'd\ne\nt')" ]
}

@test "st-slice: an element that cannot be read leaves nothing" {
	tensor t '[2]' x
	mkdir -p t/storage/1/data
	run -2 --separate-stderr st-slice -o r t :
	[[ $stderr == "st-slice: t[1]: "* ]]
	[ "$(ls -A)" = t ]
}
