#!/usr/bin/env bats
load helper

setup() {
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || exit
}

@test "st-assign: case 27: absent elements leave the text without a coefficient" {
	tensor l '[2]' x y
	tensor r '[2]' p
	run -0 --separate-stderr st-assign l r
	same ''
	run -0 st-cat l
	same "$(printf 'coords\tcoeff\ttext\n0\t1\tp\n1\t0\ty')"
	st-assign --remove l r
	[ "$(st-cat l | tail -1)" = "$(printf '1\t0\t')" ]
	[ ! -e l/storage/1/data ]
}

@test "st-assign: case 28: different shapes" {
	tensor l '[2]' x y
	tensor r '[2, 1]' p q
	for v in '' -v; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr st-assign $v l r
		[ "$stderr" = "st-assign: l [2] and r [2, 1]: shapes differ" ]
	done
	[ "$(cat l/storage/?/data)" = xy ]
}

@test "st-assign: case 29: a view replaces entries by relative links" {
	tensor o '[3]' old1 old2 old3
	st-slice -v -o l o :
	tensor r '[3]' p q
	st-assign --view l r
	[ "$(readlink l/storage/0/data)" = ../../../r/storage/0/data ]
	[ "$(readlink l/storage/2/data)" = ../../../r/storage/2/data ]
	[ "$(cat o/storage/?/data)" = old1old2old3 ]
	[ -f r/storage/2/data ]
	[ ! -s r/storage/2/data ]
	[ "$(st-cat l | sed 1d | cut -f 2 | paste -sd ' ')" = "1 1 0" ]
	[ "$(st-cat r | sed 1d | cut -f 2 | paste -sd ' ')" = "1 1 0" ]
}

@test "st-assign: case 29: a view of a view links to the original" {
	tensor o '[1]' x
	st-slice -v -o r o :
	tensor l '[1]' y
	st-assign -v l r
	[ "$(readlink l/storage/0/data)" = ../../../o/storage/0/data ]
}

@test "st-assign: case 25: writing to a view changes the original" {
	tensor t '[2, 2]' a b c d
	st-slice -v -o row t 1
	tensor r '[2]' X Y
	st-assign row r
	[ "$(cat t/storage/?/data)" = abXY ]
	[ -L row/storage/0/data ]
	st-slice -o copy t 1
	tensor s '[2]' P Q
	st-assign copy s
	[ "$(cat t/storage/?/data)" = abXY ]
}

@test "st-assign: case 26: writing to a view of absent elements makes them" {
	st-like -o t none "$(tensor s '[2]' && echo s)"
	st-slice -v -o v t :
	tensor r '[2]' X
	st-assign v r
	[ "$(st-get t 0)" = X ]
	[ ! -L t/storage/0/data ]
	run -1 st-get t 1
}

@test "st-assign: coefficients come along" {
	tensor l '[2]' x y
	printf 'coords\tcoeff\ttext\n0\t.5\tp\n1\t0\tq\n' | st-make -o r -
	st-assign l r
	diff <(st-cat r) <(st-cat l)
	tensor m '[2]' x y
	st-assign -v m r
	diff <(st-cat r) <(st-cat m)
}

@test "st-assign: to itself, to its own view and from it" {
	tensor t '[2]' x y
	st-slice -v -o v t :
	for pair in 't t' 't v' 'v t' 'v v'; do
		for o in '' -v; do
			# shellcheck disable=SC2086
			st-assign $o $pair
			[ "$(cat t/storage/?/data)" = xy ]
			[ "$(st-cat v | cut -f 3 | paste -sd ' ')" = "text x y" ]
		done
	done
	[ ! -L t/storage/0/data ]
}

@test "st-assign: a link out of the store is not written through" {
	mkdir in
	echo mine >file
	cd in
	tensor t '[1]' x
	ln -sf ../../../../file t/storage/0/data
	tensor r '[1]' new
	run -2 --separate-stderr st-assign t r
	[[ $stderr == "st-assign: t[0]: "* ]]
	[ "$(cat ../file)" = mine ]
}

@test "st-assign: more or fewer than two operands" {
	run -2 --separate-stderr st-assign a
	[[ $stderr == usage:* ]]
	tensor a '[1]' x
	run -2 --separate-stderr st-assign a b
	[ "$stderr" = "st-assign: b: No such file or directory" ]
}
