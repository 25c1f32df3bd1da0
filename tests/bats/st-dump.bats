#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-dump: case 30: a tree by coordinates links to storage" {
	tensor t '[12, 3]'
	printf x | st-set t 10,1
	run -0 --separate-stderr st-dump t view
	same ''
	[ "$(readlink view/10/1/data.txt)" = ../../../t/storage/3/1/data ]
	[ "$(cat view/10/1/data.txt)" = x ]
	[ "$(find view ! -type d)" = view/10/1/data.txt ]
	[ "$(ls -A)" = "$(printf 't\nview')" ]
}

@test "st-dump: case 30: a scalar is data.txt" {
	tensor t '[]' x
	st-dump t view
	[ "$(readlink view/data.txt)" = ../t/storage/0/data ]
	[ "$(cat view/data.txt)" = x ]
}

@test "st-dump: into another directory, with another extension" {
	tensor t '[1]' x
	mkdir -p a/b
	st-dump -e md t a/b/view/
	[ "$(cat a/b/view/0/data.md)" = x ]
	st-dump -e '' t bare
	[ "$(cat bare/0/data)" = x ]
}

@test "st-dump: writing to the tree writes to the tensor" {
	tensor t '[1]' x
	st-dump t view
	echo new >view/0/data.txt
	[ "$(st-get t 0)" = new ]
}

@test "st-dump: plain files" {
	printf 'coords\ttext\n0\ta\n2\t\n' | st-make -o t -
	st-dump --copy t view
	[ ! -L view/0/data.txt ]
	[ "$(cat view/0/data.txt)" = a ]
	[ -f view/2/data.txt ]
	[ ! -e view/1 ]
	tensor u '[1]' x
	printf 'a\r\n\0\377' >u/storage/0/data
	st-dump -c u w
	cmp u/storage/0/data w/0/data.txt
}

@test "st-dump: case 31: by number with shape and stride" {
	tensor t '[2, 2]' a b c d
	run -0 --separate-stderr st-dump --storage t d
	same ''
	printf '[2, 2]' | cmp - d/shape
	printf '[2, 1]' | cmp - d/stride
	[ "$(find d -name data | wc -l)" -eq 4 ]
	diff -r t/storage d/storage
	tensor s '[]' x
	st-dump -s s e
	printf '[]' | cmp - e/stride
	tensor u '[2, 3, 4]'
	st-dump -s u f
	printf '[12, 4, 1]' | cmp - f/stride
	[ -d f/storage ]
}

@test "st-dump: what is there is not touched, a failure leaves nothing" {
	tensor t '[2]' x
	mkdir d && touch d/f
	for o in -s -c -emd; do
		run -2 --separate-stderr st-dump $o t d
		[ "$stderr" = "st-dump: d: exists already" ]
	done
	[ "$(ls -A d)" = f ]
	mkdir t/storage/1 t/storage/1/data
	for o in -s -c; do
		run -2 --separate-stderr st-dump $o t e
		[[ $stderr == "st-dump: t[1]: "* ]]
	done
	[ "$(ls -A)" = "$(printf 'd\nt')" ]
}

@test "st-dump: options that exclude each other" {
	tensor t '[1]' x
	run -2 --separate-stderr st-dump -s -c t d
	[[ $stderr == usage:* ]]
	run -2 --separate-stderr st-dump -s -e md t d
	[[ $stderr == usage:* ]]
	run -2 --separate-stderr st-dump -e a/b t d
	[ "$stderr" = "st-dump: a/b: an extension is no path" ]
}

@test "st-dump: packed elements are copied, or refused" {
	st-make --store -o t a b
	st-slice -v -o v t :
	for x in t v; do
		run -2 --separate-stderr st-dump $x d
		[[ $stderr == *"is packed, where links cannot lead: copy it" ]]
		st-dump -c $x $x.d
		[ "$(cat $x.d/1/data.txt)" = b ]
	done
	[ "$(ls -A)" = "$(printf '%s\n' t t.d v v.d)" ]
}
