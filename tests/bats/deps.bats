#!/usr/bin/env bats
# scripts/deps installs through fake apt-get, sudo and id on a PATH of its own.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	mkdir fake
	for c in sh env chmod; do
		ln -s "$(command -v "$c")" "fake/$c"
	done
	for c in cc pkg-config git gnuplot jq bats diff patch parallel mandoc mpirun shellcheck \
	    cppcheck clang clang-format tmux curl; do
		fake "$c"
	done
	fake ls # by which files are looked for
	fake id 'echo 1000'
	fake apt-get 'echo "$*" >>log
	    case $* in *install*) for p; do echo "" >"fake/$p"; chmod +x "fake/$p"
	    done ;; esac; exit 0'
	: >log
}

# fake NAME [BODY] - a command that does BODY.
fake() {
	{
		echo '#!/bin/sh'
		echo "${2-}"
	} >"fake/$1"
	chmod +x "fake/$1"
}

deps() {
	env PATH="$PWD/fake" "$ROOT/scripts/deps" "$@"
}

installs="install -y --no-install-recommends"

@test "deps: with everything there it says and does nothing" {
	run -0 --separate-stderr deps
	same ""
	[ -z "$stderr" ]
	run -0 deps demo
	[ ! -s log ]
}

@test "deps: root installs exactly what is missing" {
	rm fake/jq fake/shellcheck
	fake id 'echo 0'
	run -0 --separate-stderr deps
	same ""
	[[ $stderr == "deps: missing: jq shellcheck"* ]]
	run -0 cat log
	same "update
$installs jq shellcheck"
}

@test "deps: a missing header is seen as its package" {
	fake ls 'case $1 in */stdio.h) exit 2; esac'
	fake id 'echo 0'
	run -2 deps # this apt-get cannot make it appear
	[[ $output == *"still missing: libc6-dev" ]]
	grep -qx "$installs libc6-dev" log
}

@test "deps: the demo does not ask for what only tests need" {
	rm fake/clang fake/bats fake/gnuplot
	fake id 'echo 0'
	fake apt-get 'echo "$*" >>log; echo >fake/gnuplot; chmod +x fake/gnuplot'
	run -0 deps demo
	run -0 cat log
	same "update
$installs gnuplot-nox"
}

@test "deps: without root it goes through sudo" {
	rm fake/jq
	fake sudo '[ "$1" = -n ] && exit 0; echo "sudo $1" >>log; exec "$@"'
	run -0 deps
	run -0 cat log
	same "sudo apt-get
update
sudo env
$installs jq"
}

@test "deps: sudo that wants a password and no terminal: the line to run" {
	rm fake/jq
	fake sudo 'echo "sudo $*" >>log; exit 1'
	run -2 --separate-stderr deps </dev/null
	same ""
	[[ $stderr == *"run: sudo sh -c 'apt-get update; apt-get $installs jq'" ]]
	run -0 cat log
	same "sudo -n true"
}

@test "deps: sudo that wants a password on a terminal asks for it" {
	command -v script >/dev/null || skip "no script(1)"
	rm fake/jq
	fake sudo 'case $1 in -n) exit 1; esac; echo "sudo $1" >>log; exec "$@"'
	run -0 script -qec "env PATH=$PWD/fake $ROOT/scripts/deps" /dev/null
	grep -qx "sudo env" log
}

@test "deps: neither root nor sudo: the line to run" {
	rm fake/jq
	run -2 --separate-stderr deps
	same ""
	[[ $stderr == *"as root, run: sh -c 'apt-get update; apt-get $installs jq'" ]]
	[ ! -s log ]
}

@test "deps: no apt-get: the names, for another package manager" {
	rm fake/jq fake/apt-get
	fake id 'echo 0'
	run -2 --separate-stderr deps
	[[ $stderr == *"no apt-get here; install these by hand: jq" ]]
}

@test "deps: apt that fails is exit 2 with the line; old lists may do" {
	rm fake/jq
	fake id 'echo 0'
	fake apt-get 'echo "E: broken"; exit 100'
	run -2 --separate-stderr deps
	same ""
	[[ $stderr == *"apt failed; run: apt-get update; apt-get $installs jq" ]]
	fake apt-get '[ "$1" != update ] || exit 100; echo >fake/jq
	    chmod +x fake/jq'
	run -0 deps
}

@test "deps: an unknown operand is exit 2 with usage" {
	run -2 --separate-stderr deps all
	[[ $stderr == "usage: deps [demo]" ]]
	run -2 deps demo demo
}

@test "deps: nothing else installs" {
	run -0 grep -rlIE '(apt|apt-get|pip3?) .*\<install\>' "$ROOT/Makefile" \
	    "$ROOT/scripts" "$ROOT/examples" "$ROOT/.ci"
	same "$ROOT/scripts/deps"
}
