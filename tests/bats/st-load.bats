#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-load: case 31: what st-dump --storage wrote comes back" {
	tensor t '[2, 2]' a b c d
	st-dump -s t d
	run -0 --separate-stderr st-load d
	[[ $output =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4 ]]
	[ "$(st-shape "$output")" = '[2, 2]' ]
	diff -r t/storage "$output/storage"
}

@test "st-load: coefficients and absent elements come back, too" {
	printf 'coords\tcoeff\ttext\n0\t.5\ta\n2\t1\tb\n' | st-make -o t -s '[4]' -
	st-dump -s t d
	st-load -o u d
	diff <(st-cat t) <(st-cat u)
}

@test "st-load: case 32: without a stride elements are in row-major order" {
	tensor d '[2, 2]' a b c d
	st-load -o u d
	diff <(st-cat d) <(st-cat u)
}

@test "st-load: a stride is applied" {
	tensor d '[2, 3]' a b c d e f
	printf '[1, 2]' >d/stride # a transposed [3, 2]
	st-load -o u d
	[ "$(cat u/storage/?/data)" = acebdf ]
	[ ! -e u/stride ]
	printf '[0, 1]' >d/stride # an expanded [3]
	st-load -o v d
	[ "$(cat v/storage/?/data)" = abcabc ]
}

@test "st-load: strides that are none" {
	tensor d '[2, 3]' a b c d e f
	printf '[1]' >d/stride
	run -2 --separate-stderr st-load -o u d
	[ "$stderr" = "st-load: d/stride: 1 steps for 2 dimensions" ]
	printf '[1, x]' >d/stride
	run -2 --separate-stderr st-load -o u d
	[[ $stderr == "st-load: d/stride: not a list"* ]]
	[ "$(ls -A)" = d ]
}

@test "st-load: a tree by coordinates" {
	tensor t '[11, 2]'
	printf x | st-set t 10,1
	printf y | st-set t 2,0
	for o in -etxt -c -cemd; do
		rm -rf view u
		st-dump $o t view
		run -0 --separate-stderr st-load -o u view
		same u
		[ "$(st-shape u)" = '[11, 2]' ]
		diff -r t/storage u/storage
	done
}

@test "st-load: a scalar's tree, and an empty file" {
	mkdir d && : >d/data
	st-load -o u d
	[ "$(cat u/shape)" = '[]' ]
	[ -f u/storage/0/data ]
}

@test "st-load: a shape for what is absent at the end" {
	mkdir -p d/0 && echo x >d/0/data.txt && touch d/.hidden
	st-load -o u d
	[ "$(st-shape u)" = '[1]' ]
	st-load -s '[3]' -o v d
	[ "$(st-shape v)" = '[3]' ]
	mkdir -p d/4 && echo x >d/4/data.txt
	run -2 --separate-stderr st-load -s '[3]' -o w d
	[ "$stderr" = "st-load: d/4/data.txt: is outside [3]" ]
	run -2 --separate-stderr st-load -s '[3, 1]' -o w d
	[ "$stderr" = "st-load: d: has 1 dimensions, not 2" ]
	[ ! -e w ]
}

@test "st-load: what does not belong into a tree" {
	bad() {
		rm -rf d u
		mkdir -p d/0/1 && echo x >d/0/1/data.txt
		mkdir -p "d/$(dirname -- "$1")" && echo x >"d/$1"
		run -2 --separate-stderr st-load -o u d || return 1
		[[ $stderr == "st-load: "$2 ]] && [ ! -e u ] ||
			{ echo "$stderr"; return 1; }
	}
	bad 0/1/notes.txt 'd/0/1/notes.txt: does not belong into a dump'
	bad 01/1/data.txt 'd/01: does not belong into a dump'
	bad -1/1/data.txt 'd/-1: does not belong into a dump'
	bad 2/data.txt '*: at depth *, others at *'
	bad 0/1/data.md 'd/0/1/data.* and d/0/1/data.*: two texts of one element'
	mkdir e
	mkfifo e/data.txt
	run -2 --separate-stderr timeout 5 st-load e
	[ "$stderr" = "st-load: e/data.txt: not a regular file" ]
	rm e/data.txt
	run -2 --separate-stderr st-load e
	[ "$stderr" = "st-load: e: no file called data or data.txt" ]
	run -2 --separate-stderr st-load none
	[ "$stderr" = "st-load: none: No such file or directory" ]
}

@test "st-load: links out of the store need --follow" {
	mkdir -p in/d/0 out && echo secret >out/s
	ln -s ../../../out/s in/d/0/data.txt
	cd in
	run -2 --separate-stderr st-load -o u d
	[[ $stderr == "st-load: d/0/data.txt: leads out of "*"/in: use --follow" ]]
	[ ! -e u ]
	st-load --follow -o u d
	[ "$(st-get u 0)" = secret ]
	ln -s nowhere d/data.txt && rm -r d/0
	run -0 st-load -o v d
	[ ! -e v/storage ]
}
