#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

setup_file() {
	export TAB
	TAB=$(printf '\t')
}

@test "st-dense: case 80: empty texts with coefficient 0 elsewhere" {
	printf 'coords\tcoeff\ttext\n0\t1\ta\n1\t.5\tc\n' | st-make -o s -
	printf 'row\tcoords\n0\t0\n1\t2\n' >where
	run -0 --separate-stderr st-dense -i where -s '[3]' -o d s
	same d
	run -0 st-cat d
	same "$(printf 'coords\tcoeff\ttext\n0\t1\ta\n1\t0\t\n2\t0.5\tc')"
	[ -f d/storage/1/data ]
	[ ! -s d/storage/1/data ]
}

@test "st-dense: the table on standard input, in any order, more columns" {
	tensor s '[2]' a b
	printf 'coords\tnote\trow\n1,0\tx\t1\n0,-1\ty\t0\n' |
	    st-dense -s '[2, 2]' -o d s
	[ "$(st-get d 1,0)$(st-get d 0,1)" = ba ]
}

@test "st-dense: a scalar" {
	tensor s '[1]' a
	printf 'row\tcoords\n0\t\n' | st-dense -s '[]' -o d s
	[ "$(st-get d '')" = a ]
}

@test "st-dense: tables that do not fit" {
	tensor s '[2]' a b
	bad() {
		printf '%s\n' "${@:2}" >where
		run -2 --separate-stderr st-dense -i where -s '[3]' -o d s ||
			return 1
		[ "$stderr" = "st-dense: where$1" ] && [ ! -e d ] ||
			{ echo "$stderr"; return 1; }
	}
	head=row${TAB}coords
	bad ':1: no columns row and coords' "row${TAB}at"
	bad ':3: 0 comes twice' "$head" "0${TAB}0" "0${TAB}1"
	bad ':3: 2 comes twice' "$head" "0${TAB}2" "1${TAB}2"
	bad ': nothing about row 1' "$head" "0${TAB}0"
	bad ':2: too few fields' "$head" 0
	run -2 --separate-stderr st-dense -s '[3]' -o d s <<<"$head
2${TAB}0"
	[[ $stderr == "st-dense: -:2: row "* ]]
	run -2 --separate-stderr st-dense -s '[3]' -o d s <<<"$head
0${TAB}3"
	[[ $stderr == "st-dense: -:2: coords "* ]]
	[ ! -e d ]
}

@test "st-dense: a shape is needed, and one dimension" {
	tensor s '[1, 1]' a
	run -2 --separate-stderr st-dense s </dev/null
	[[ $stderr == *usage* ]]
	run -2 --separate-stderr st-dense -s '[3]' s </dev/null
	[ "$stderr" = "st-dense: s: has 2 dimensions, not 1" ]
	run -2 --separate-stderr st-dense -s 3 s </dev/null
	[[ $stderr == "st-dense: 3: "* ]]
}
