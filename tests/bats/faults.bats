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

# tiny - a file system of 256 KiB, mounted on the directory full, or skip.
tiny() {
	mkdir -p full
	[ "$(id -u)" = 0 ] && mount -t tmpfs -o size=256k tiny full 2>/dev/null ||
		skip "cannot mount a small file system here"
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/full" ||
		umount "$BATS_TEST_TMPDIR/full"
}

# unchanged COMMAND - it exits 2 with a reason, and full/ is what it was
unchanged() {
	"$B/faults/state" full | grep -v '\.lock' >before
	run --separate-stderr sh -c "cd full && $1"
	"$B/faults/state" full | grep -v '\.lock' | grep -v '	dir$' >after
	[ "$status" -eq 2 ] && [ -n "$stderr" ] &&
		diff <(grep -v '	dir$' before) after ||
		{ echo "$1: exit $status, $stderr"; return 1; }
}

@test "faults: a full disk is exit 2, and nothing has changed" {
	tiny
	tensor full/t '[3]' a b c
	tensor full/d '[3]' $'--- data\n+++ data\n@@ -1 +1 @@\n-a\n+A\n'
	st-cat full/t >table
	st-pack full/t >text
	printf '%-15s\n' 1 1 1 >full/t/coeff
	: >full/t/.lock
	head -c 300000 /dev/zero >full/filler 2>/dev/null || :
	unchanged 'echo more | st-set t 1'
	unchanged 'echo more | st-set -c 0.5 t 1'
	unchanged 'st-copy -o u t'
	unchanged 'st-make -o u a b c'
	unchanged 'st-make -o u - <../table'
	unchanged 'st-unpack -o u ../text'
	unchanged 'st-slice -o u t 0:2'
	unchanged 'st-pack --store t'
	unchanged 'st-patch t d'
	run -0 st-fsck -N full/t
	[ -z "$output" ]
	rm full/filler
	echo more | st-set full/t 1
	[ "$(st-get full/t 1)" = more ]
}

@test "faults: a read-only file system is exit 2, and nothing has changed" {
	tiny
	tensor full/t '[3]' a b c
	tensor full/d '[3]' $'--- data\n+++ data\n@@ -1 +1 @@\n-a\n+A\n'
	mount -o remount,ro full
	unchanged 'echo more | st-set t 1'
	unchanged 'st-set -d t 1'
	unchanged 'st-copy -o u t'
	unchanged 'st-make -o u a b c'
	unchanged 'st-patch t d'
	unchanged 'st-pack --store t'
	unchanged 'st-history -s v1 t'
	run -0 st-cat -N full/t # readers need no lock file
	run -0 st-fsck -N full/t
	run -0 st-diff -q full/t full/t
}

@test "faults: a read-only directory is exit 2, and nothing has changed" {
	[ "$(id -u)" != 0 ] || skip "root may write anywhere"
	mkdir full
	tensor full/t '[2]' a b
	chmod -R a-w full
	unchanged 'echo more | st-set t 1'
	unchanged 'st-set -d t 1'
	unchanged 'st-copy -o u t'
	unchanged 'st-make -o u a b c'
	chmod -R u+w full
}
