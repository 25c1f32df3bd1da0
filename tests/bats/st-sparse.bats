#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-sparse: case 80: elements with a coefficient, and where they were" {
	printf 'coords\tcoeff\ttext\n0\t1\ta\n1\t0\tb\n2\t.5\tc\n' | st-make -o t -
	run -0 --separate-stderr st-sparse -i where -o s t
	same s
	run -0 st-cat s
	same "$(printf 'coords\tcoeff\ttext\n0\t1\ta\n1\t0.5\tc')"
	[ "$(cat where)" = "$(printf 'row\tcoords\n0\t0\n1\t2')" ]
}

@test "st-sparse: as a view, without an index" {
	tensor t '[2, 2]' a '' c
	st-sparse -v -o s t
	[ "$(st-shape s)" = '[3]' ]
	[ "$(readlink s/storage/2/data)" = ../../../t/storage/2/data ]
	[ "$(ls)" = "$(printf 's\nt')" ]
}

@test "st-sparse: nothing to gather is [0] and an index of no rows" {
	tensor t '[2]'
	st-sparse -i where -o s t
	[ "$(cat s/shape)" = '[0]' ]
	[ "$(cat where)" = "$(printf 'row\tcoords')" ]
}

@test "st-sparse: tensor and index come together or not at all" {
	tensor t '[2]' a b
	echo old >where
	run -2 --separate-stderr st-sparse -i none/where -o s t
	[[ $stderr == "st-sparse: none/where"* ]]
	[ ! -e s ]
	mkdir s s/x
	run -2 --separate-stderr st-sparse -i where -o s t
	[ "$(cat where)" = old ]
	[ "$(ls -A)" = "$(printf 's\nt\nwhere')" ]
	rmdir s/x s
	mkdir dir
	run -2 --separate-stderr st-sparse -i dir -o s t
	[ "$(ls -A)" = "$(printf 'dir\nt\nwhere')" ]
}

@test "st-sparse: and back with st-dense" {
	printf 'coords\tcoeff\ttext\n0,1\t1\ta\n1,2\t.5\tb\n2,0\t1\t\n' |
	    st-make -o t -s '[3, 3]' -
	st-sparse -i where -o s t
	st-dense -i where -s '[3, 3]' -o d s
	run -0 st-cat d
	[ "$(st-cat t)" = "$output" ]
}
