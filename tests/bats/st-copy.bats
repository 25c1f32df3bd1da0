#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/d"
	cd "$BATS_TEST_TMPDIR/d" || exit
}

@test "st-copy: texts and coefficients, no links" {
	tensor t '[2, 2]' a b c
	printf '%-15.9g\n' 0.5 >t/coeff
	rm t/storage/1/data
	ln -s ../2/data t/storage/1/data
	run -0 --separate-stderr st-copy -o u t
	same u
	run -0 cmp <(st-cat t) <(st-cat u)
	[ -z "$(find u -type l)" ]
	echo new | st-set u 0,1
	run -0 st-get t 1,0
	same c
}

@test "st-copy: fresh names, several tensors" {
	tensor t '[1]' a
	tensor u '[1]' b
	run -0 st-copy <<<$'t\nu'
	[ "$(st-get "${lines[0]}" 0)$(st-get "${lines[1]}" 0)" = ab ]
	fails_cleanly st-copy -o v t u
	fails_cleanly st-copy -o u t
	fails_cleanly st-copy nosuch
}

@test "st-copy: what fails leaves nothing" {
	tensor t '[2]' a
	mkdir -p t/storage/1/data
	fails_cleanly st-copy -o u t
	[ "$stderr" = "st-copy: t[1]: not a regular file" ]
	[ "$(ls -A)" = t ]
}
