#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	tensor t '[3]' one two three
}

# keep MESSAGE - as a version, quietly
keep() {
	st-history -s "$1" "${2:-t}" >/dev/null
}

texts() {
	st-cat -N t | cut -f 2,3 | tr '\t\n' ' .'
}

@test "st-undo: back to the last version, forth, and to any" {
	keep v1
	echo 2 | st-set -c 0.5 t 0
	keep v2
	st-set -d t 1
	[ "$(texts)" = '0.5 2\n.0 .1 three.' ]
	run -0 --separate-stderr st-undo -n t
	same $'cell\tchange\n1\tmade'
	run -0 --separate-stderr st-undo t # what was not kept
	[ -z "$output$stderr" ]
	[ "$(texts)" = '0.5 2\n.1 two.1 three.' ]
	st-undo t # and this again
	[ "$(texts)" = '0.5 2\n.0 .1 three.' ]
	st-undo t 1
	[ "$(texts)" = '1 one.1 two.1 three.' ]
	st-undo t 3
	[ "$(texts)" = '0.5 2\n.0 .1 three.' ]
	[ "$(st-history -N t | cut -f 5)" = 'v1
v2
before st-undo
back to version 2
back to version 3
back to version 1
back to version 3' ]
	run -0 st-undo -N -n t 2
	same $'1\tmade'
	run -0 st-undo -jn t 1
	[ "$(jq -r '.cell + .change' <<<"$output")" = $'0text\n1made' ]
}

@test "st-undo: nothing to undo, no such version, another shape" {
	run -1 --separate-stderr st-undo t
	[[ $stderr == "st-undo: t: nothing to undo: no version was kept"* ]]
	keep v1
	run -1 --separate-stderr st-undo t
	[[ $stderr == *"this is the first version" ]]
	run -2 --separate-stderr st-undo t 2
	[[ $stderr == "st-undo: t: no version 2: there are 1" ]]
	for bad in 0 x '' 1x 99999999999999999999999; do
		run -2 --separate-stderr st-undo t "$bad"
	done
	printf '[2]' >t/shape
	run -2 --separate-stderr st-undo t 1
	[[ $stderr == "st-undo: t: that version has another shape, [3]" ]]
	[ "$(texts)" = '1 one.1 two.' ]
	run -2 st-undo
	run -2 st-undo t 1 2
}

@test "st-undo: texts of any bytes, coefficients, absent elements" {
	st-make -o u -s '[6]' $'a\n\n' '' $'\xff\x80' $'x\r\n' 'no end' TODO >/dev/null
	st-set -k -c -1e-07 u 1
	st-set -k -c 0 u 3
	st-set -d u 4
	st-cat u >before
	keep v1 u
	for i in 0 1 2 3 4 5; do echo "other $i" | st-set u $i; done
	st-undo u
	st-cat u | cmp - before
	[ "$(st-undo -nN u | wc -l)" = 6 ]
	st-undo u # forth
	keep v2 u
	st-set -k -c 0.75 u 2
	[ "$(st-undo -nN u)" = $'2\tcoeff' ]
	st-undo u
	[ "$(st-get -c u 2)" = 1 ]
}

@test "st-undo: links become the links they were" {
	tensor v '[2]'
	mkdir -p v/storage/0 v/storage/1
	ln -s ../../../t/storage/0/data v/storage/0/data
	ln -s ../../../t/storage/1/data v/storage/1/data
	keep v1 v
	ln -sfn ../../../t/storage/2/data v/storage/0/data
	rm v/storage/1/data
	echo changed >t/storage/0/data
	st-undo v
	[ "$(readlink v/storage/0/data)" = ../../../t/storage/0/data ]
	[ "$(readlink v/storage/1/data)" = ../../../t/storage/1/data ]
	[ "$(cat t/storage/0/data)" = changed ]
	[ "$(st-undo -nN v)" = $'0\ttext\n1\tremoved' ]
}

@test "st-undo: what is the same is not touched" {
	keep v1
	echo x | st-set t 1
	find t/storage/0 t/storage/2 -printf '%p %i %C@\n' >before
	st-undo t
	find t/storage/0 t/storage/2 -printf '%p %i %C@\n' | cmp - before
	[ "$(st-get t 1)" = two ]
}
