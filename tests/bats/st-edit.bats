#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-edit: case 88: ratios, as bfloat16 has them" {
	tensor a '[7]' 'hello world' abc '' '' kitten $'a\n' 世界
	tensor b '[7]' 'hello earth' xyz '' abc sitting a 世间
	run -0 --separate-stderr st-edit -bN a b
	[ -z "$stderr" ]
	same "$(printf '%s\t%s\n' 0 0.36328125 1 1 2 0 3 1 4 0.427734375 5 0.5 \
	    6 0.5)"
	run -0 st-edit a b
	[ "${lines[0]}" = $'coords\tratio' ]
	[[ ${lines[1]} == $'0\t0.36363636363636'* ]]
	[[ ${lines[5]} == $'4\t0.42857142857142'* ]]
}

@test "st-edit: code points, but bytes where a text is not UTF-8" {
	tensor a '[]' $'\xc3\xa9t\xc3\xa9'
	tensor b '[]' ete
	tensor c '[]' $'\xc3\xa9t\xff'
	run -0 st-edit -N a b
	[[ $output == $'\t0.6666666666666'* ]]
	run -0 st-edit -N a c # 2 of 5 bytes
	same $'\t0.40000000000000002'
}

@test "st-edit: the mean, and what is missing" {
	tensor a '[4]' abc abc '' ''
	tensor b '[4]' abc abx '' ''
	st-set -d b 3
	run -0 st-edit -N a b
	same $'0\t0\n1\t0.33333333333333331\n2\t0\n3\t1'
	run -0 st-edit -m a b
	same 0.33333333333333331
	st-set -d a 3
	run -0 st-edit -N a b
	[ "${lines[3]}" = $'3\t' ]
	run -0 st-edit -jm a b
	same '{"mean":0.1111111111111111}'
	run -0 st-edit -j b a
	[ "${lines[3]}" = '{"coords":"3","ratio":null}' ]
	tensor e '[0]'
	run -0 st-edit -jm e e
	same '{"mean":null}'
}

@test "st-edit: -o makes a tensor of ratios" {
	tensor a '[2, 2]' abc abc x ''
	tensor b '[2, 2]' abc abx y z
	st-set -d a 1,1
	st-set -d b 1,1
	run -0 --separate-stderr st-edit -o r a b
	[ "$output$stderr" = r ]
	run -0 st-cat -N r
	same "$(printf '%s\t%s\t%s\n' 0,0 0 0 0,1 0.333333333 0.33333333333333331 \
	    1,0 1 1 1,1 0 '')"
	st-edit -bo r2 a b
	run -0 st-get r2 0,1
	same 0.333984375
	[[ $(st-edit -g a b) =~ ^[0-9a-f-]{36}$ ]]
}

@test "st-edit: case 89: the gradient leads from expected to actual" {
	tensor actual '[3]' have $'same\n' x
	tensor expected '[3]' want same
	run -0 st-edit -g -c 0.3 -o g actual expected
	same g
	run -0 st-get g 0
	same $'--- expected\n+++ actual\n@@ -1 +1 @@\n-want\n+have'
	[ -e g/storage/1/data ] && [ ! -s g/storage/1/data ]
	run -0 st-get g 2
	same $'--- expected\n+++ actual\n@@ -0,0 +1 @@\n+x'
	run -0 bash -c 'st-cat -N g | cut -f 1,2'
	same $'0\t0.3\n1\t0.3\n2\t0.3'
	st-edit -gbc 0.3 -o h actual expected
	run -0 bash -c 'st-cat -N h | cut -f 1,2'
	same $'0\t0.30078125\n1\t0.30078125\n2\t0.30078125'
}

@test "st-edit: bad input is exit 2, and nothing is left" {
	tensor a '[2]' a b
	tensor b '[1, 2]' a b
	fails_cleanly st-edit -o r a b
	[ "$status" -eq 2 ]
	[ "$stderr" = "st-edit: a has shape [2], b has [1, 2]" ]
	for args in a "a a a" "a nosuch" "-mg a a" "-m -o r a a" "-c 1 a a"; do
		# shellcheck disable=SC2086
		fails_cleanly st-edit $args
		[ "$status" -eq 2 ]
	done
	[ ! -e r ]
}
