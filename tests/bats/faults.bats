#!/usr/bin/env bats
# Broken at every system call that changes files; "make check-faults" does it
# for all tools and all calls.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export B=${B:-$ROOT/build}
	[ -x "$B/faults/inject" ] || skip "make unit builds what this needs"
	"$B/faults/inject" true || skip "no tracing here"
}

@test "faults: killed or out of space anywhere, a tool leaves old or new" {
	cat >cases <<-'X'
		messy	st-fsck -r t
		holes	st-set -c 0.5 t 1 <file
		one	makes=new st-make -o new -s [2] a b
	X
	run "$ROOT/tests/faults/run" -e 28 cases
	echo "# $output" >&3
	[ "$status" -eq 0 ]
	[[ $output =~ ([0-9]+)' fault points' ]]
	[ "${BASH_REMATCH[1]}" -ge 60 ]
}

@test "faults: a tool that writes in place is found out" {
	mkdir bin
	cat >bin/st-bad <<-'X'
		#!/bin/sh
		printf 'new text' >t/storage/0/data
		printf half >t/storage/1/.data.$$
	X
	cat >bin/st-worse <<-'X'
		#!/bin/sh
		mkdir -p new/storage/0 && : >new/storage/0/data &&
		    printf '[1]' >new/shape || exit 2
		printf x >file
		printf y >file
	X
	chmod +x bin/st-*
	printf 'one\tst-bad\none\tmakes=new st-worse\n' >cases
	BIN=$PWD/bin:${BIN:-$ROOT/bin} \
	    run -1 --separate-stderr "$ROOT/tests/faults/run" -e 28 cases
	[[ $output == *"st-bad: kill at 2 (write): killed"*"neither old nor new: t/storage/0/data	file"* ]]
	[[ $output == *"st-worse: kill at"*"neither old nor new: file	file"* ]]
	[[ $output == *"but a part of new is left"* ]]
	[[ $output == *"temporary t/storage/1/.data."* ]]
}
