#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

# change FROM TO - a diff of two texts of one line.
change() {
	printf '@@ -1 +1 @@\n-%s\n+%s\n' "$1" "$2"
}

# coeffs TENSOR - its coefficients on a line.
coeffs() {
	st-cat -N "$1" | cut -f 2 | paste -sd ' '
}

texts() {
	st-cat -N "$1" | cut -f 3 | paste -sd ' '
}

@test "st-sgd: case 90: coefficients move toward the gradient" {
	tensor e '[1, 3]' q k v
	tensor g '[1, 3]' TODO TODO TODO
	st-set -kc 2 g 0,0
	st-set -kc 0 g 0,1
	run -0 st-sgd -N --lr 0.5 e g
	same $'0\t0\t0\t2\t0'
	[ "$(coeffs e)" = "1.5 0.5 1" ]
	tensor e '[1, 3]' q k v
	rm -f e/coeff
	for k in 0 1 2; do st-set -kc 0 g 0,$k; done
	run -0 st-sgd -bN e g
	same $'0\t0\t0\t0\t0'
	[ "$(coeffs e)" = "0.98828125 0.98828125 0.98828125" ]
	rm e/coeff
	st-sgd e g
	[ "$(coeffs e)" = "0.99 0.99 0.99" ]
}

@test "st-sgd: a step makes nothing unread, and nothing of what is absent" {
	tensor e '[1, 3]' q k
	tensor g '[1, 3]' TODO TODO TODO
	st-set -kc 0 g 0,0
	run -0 st-sgd --lr 1 e g
	[ "$(coeffs e)" = "1 1 0" ]
}

@test "st-sgd: case 91: patches key and value of rows with a gradient" {
	tensor e '[3, 3]' q0 k0 v0 q1 k1 v1 q2 k2 v2
	tensor g '[3, 3]' "$(change q0 X)" "$(change k0 K)" "$(change v0 V)" \
	    TODO "$(change k1 K)" "$(change v1 V)" TODO "$(change k2 K)" TODO
	for k in 0 1 2; do st-set -kc 0 g 1,$k; done
	run -0 --separate-stderr st-sgd --lr 0 e g
	[ -z "$stderr" ]
	same $'applied\trejected\tfuzzed\tskipped\trej_files\n3\t0\t0\t1\t0'
	[ "$(texts e)" = 'q0 K\n V\n q1 k1 v1 q2 K\n v2' ]
}

@test "st-sgd: case 91: new queries are sorted keywords, each once" {
	tensor e '[3, 3]' q0 k0 v0 q1 k1 v1 q2 k2 v2
	tensor g '[3, 3]' TODO "$(change k0 K)" TODO TODO TODO TODO TODO \
	    "$(change k2 K)" TODO
	for k in 0 1 2; do st-set -kc 0 g 1,$k; done
	st-set -c 0.5 e 0,0 <<<old
	printf '%s\t%s\n' coords text 0,1 'loop\nif\n\n loop ' 0,2 $'if\\nB\r\\na' \
	    1,0 never 2,0 '\n' >words
	run -0 st-sgd --lr 0 -Q words e g
	printf 'B\na\nif\nloop\n' | cmp - e/storage/0/data
	run -0 st-get e 1,0
	same q1
	[ -e e/storage/6/data ] && [ ! -s e/storage/6/data ]
	[ "$(coeffs e)" = "0.5 1 1 1 1 1 1 1 1" ]
	run -1 st-sgd -n -Q - e g <words # its diffs are applied already
	for bad in $'coords\n9,0' $'text\nx' $'coords\ttext\n0,0'; do
		fails_cleanly st-sgd -Q - e g <<<"$bad"
		[ "$status" -eq 2 ]
		[[ $stderr == "st-sgd: -:"* ]]
	done
}

@test "st-sgd: a row learns key and value together, or neither" {
	tensor e '[2, 3]' q0 k0 v0 q1 k1 v1
	tensor g '[2, 3]' TODO "$(change k0 K)" "$(change other V)" \
	    TODO "$(change k1 K)" TODO
	printf 'coords\ttext\n0,0\tnew\n1,0\tnew\n' >words
	run -1 --separate-stderr st-sgd -v --lr 0 -Q words e g
	same $'applied\trejected\tfuzzed\tskipped\trej_files\n1\t1\t0\t2\t1'
	output=$stderr
	same "$(printf '%s\t%s\t%s\n' coords status reason \
	    0,1 skipped 'the other half of the row was rejected' \
	    0,2 rejected 'hunk 1 at line 1 does not fit' \
	    1,1 applied '' 1,2 skipped 'nothing to apply')"
	[ "$(texts e)" = 'q0 k0 v0 new\n K\n v1' ]
	run -0 st-cat -Np e/rej
	[[ $output == $'0,2\t1\t@@'* ]]
}

@test "st-sgd: the gradient is experience/grad, cold rows learn" {
	tensor e '[1, 3]' '' '' ''
	tensor e/grad '[1, 3]' TODO $'@@ -0,0 +1 @@\n+K\n' $'@@ -0,0 +1 @@\n+V\n'
	cp -r e before
	run -0 st-sgd -n e
	diff -r e before
	run -0 st-sgd -j e
	same '{"applied":2,"rejected":0,"fuzzed":0,"skipped":0,"rej_files":0}'
	[ "$(texts e)" = ' K\n V\n' ]
}

@test "st-sgd: case 92: --zero resets the gradient" {
	tensor e '[1, 3]' q k v
	tensor e/grad '[1, 3]' diff ''
	st-set -kc 7 e/grad 0,0
	run -0 --separate-stderr st-sgd --zero e
	[ -z "$output$stderr" ]
	run -0 st-cat -N e/grad
	same $'0,0\t0\tTODO\n0,1\t0\tTODO\n0,2\t0\tTODO'
	run -0 st-cat -N e
	same $'0,0\t1\tq\n0,1\t1\tk\n0,2\t1\tv'
	run -0 st-sgd -N --lr 0 e
	same $'0\t0\t0\t0\t0'
}

@test "st-sgd: bad input is exit 2 and changes nothing" {
	tensor e '[1, 3]' q k v
	tensor g '[3]' TODO TODO TODO
	tensor f '[3, 2]' a b c d e f
	tensor s '[]' a
	fails_cleanly st-sgd e g
	[ "$stderr" = "st-sgd: e has shape [1, 3], g has [3]" ]
	fails_cleanly st-sgd f f
	[ "$stderr" = \
	    "st-sgd: f: shape [3, 2]: not rows of query, key and value" ]
	for args in "s s" e "" "e g g" "-zQ x e e" "-zn e e" "-l -1 e e" \
	    "-Q nosuch e e"; do
		# shellcheck disable=SC2086
		fails_cleanly st-sgd $args
		[ "$status" -eq 2 ]
	done
	[ "$(texts e) $(coeffs e)" = "q k v 1 1 1" ]
}
