#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

# What is in tensors, as lines of texts.
texts() {
	local t
	for t; do
		st-cat --follow "$t" | sed 1d | cut -f 3 | paste -sd ' '
	done
}

tree() {
	mkdir -p root/sub
	for f in a.txt b.txt c.py sub/a.txt; do
		printf %s "$f" >"root/$f"
	done
}

@test "st-files: case 93: two batches of .txt" {
	tree
	run -0 --separate-stderr st-files -b 2 -e .txt -o r root
	same "$(printf 'r.0\nr.1')"
	[ "$(texts r.0 r.1)" = "$(printf 'a.txt b.txt\nsub/a.txt')" ]
	[ "$(readlink r.1/storage/0/data)" = ../../../root/sub/a.txt ]
	[ "$(st-shape r.1)" = '[1]' ]
}

@test "st-files: one file a tensor, all files, fresh names outside" {
	tree
	run -0 st-files root
	[ "${#lines[@]}" -eq 4 ]
	[ "$(texts "${lines[@]}")" = "$(printf 'a.txt\nb.txt\nc.py\nsub/a.txt')" ]
	[ "$(ls root)" = "$(printf 'a.txt\nb.txt\nc.py\nsub')" ]
}

@test "st-files: the order is that of bytes, whatever the directory's" {
	mkdir root
	for f in b B a.b a-b a 10 9; do echo >"root/$f"; done
	mkdir root/a.d && echo >root/a.d/x
	st-files -b 99 -o r root
	for i in 0 1 2 3 4 5 6 7; do readlink "r.0/storage/$i/data"; done |
	    sed 's,.*root/,,' >got
	LC_ALL=C sort -c got
	[ "$(wc -l <got)" -eq 8 ]
}

@test "st-files: tensors are not data, its own neither" {
	tree
	run -2 --separate-stderr bash -c 'cd root && st-files .'
	[ "$stderr" = "st-files: .: the tensors would lie in it: name a place with -o" ]
	(cd root/sub && run -2 st-files ..)
	(cd root && st-files -b 9 -o t .)
	run -0 st-files -b 9 -o u root
	[ "$(texts u.0)" = "a.txt b.txt c.py sub/a.txt" ]
	# A file called shape makes no tensor by itself.
	echo round >root/sub/shape
	st-files -b 9 -o v root
	[ "$(texts v.0)" = 'a.txt b.txt c.py sub/a.txt round\n' ]
}

@test "st-files: links are left out, loops do no harm" {
	tree
	ln -s .. root/sub/loop
	ln -s a.txt root/d.txt
	ln -s /nowhere root/e.txt
	mkfifo root/f.txt
	st-files -b 9 -e .txt -o r root
	[ "$(texts r.0)" = "a.txt b.txt sub/a.txt" ]
}

@test "st-files: copies" {
	tree
	st-files -c -b 9 -e .py -o r root
	[ ! -L r.0/storage/0/data ]
	rm root/c.py
	[ "$(st-get r.0 0)" = c.py ]
}

@test "st-files: names with any bytes" {
	mkdir root
	printf x >"$(printf 'root/a\nb\t\\')"
	st-files -o r root
	[ "$(texts r.0)" = x ]
}

@test "st-files: no such files, no such directory" {
	tree
	run -1 --separate-stderr st-files -e .c root
	[ "$stderr" = "st-files: root: no files in .c" ]
	[ -z "$output" ]
	run -2 --separate-stderr st-files none
	[ "$stderr" = "st-files: none: No such file or directory" ]
}

@test "st-files: all batches or none" {
	tree
	mkdir -p r.1/x
	run -2 --separate-stderr st-files -o r root
	[ "$stderr" = "st-files: r.1: exists already" ]
	[ "$(ls)" = "$(printf 'r.1\nroot')" ]
}
