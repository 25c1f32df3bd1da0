#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-like: none has the shape and nothing else" {
	tensor t '[2, 1]' a b
	run -0 --separate-stderr st-like -o n none t
	same n
	[ "$(ls -A n)" = shape ]
	[ "$(cat n/shape)" = '[2, 1]' ]
}

@test "st-like: empty has empty texts with coefficient 1" {
	tensor t '[2]' a
	st-like -o e empty t
	run -0 st-cat e
	same "$(printf 'coords\tcoeff\ttext\n0\t1\t\n1\t1\t')"
}

@test "st-like: todo where there is text, be it a space" {
	tensor t '[4]' a '' '' ' '
	rm -r t/storage/1
	st-like todo -o d t
	run -0 st-cat d
	same "$(printf 'coords\tcoeff\ttext\n0\t1\tTODO\n1\t0\t\n2\t0\t\n3\t1\tTODO')"
	[ ! -e d/storage/2/data ]
	printf TODO | cmp - d/storage/0/data
}

@test "st-like: another word is refused" {
	tensor t '[1]' a
	run -2 --separate-stderr st-like full t
	[[ $stderr == usage:* ]]
	[ "$(ls)" = t ]
}
