#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# experience DIR N - N rows, whose queries are w0, w1, w2, w0, ...
experience() {
	local args=() i
	for ((i = 0; i < $2; i++)); do
		args+=("w$((i % 3))"$'\n'"n$i" k v)
	done
	st-make -o "$1" -s "[$2, 3]" "${args[@]}" >made
	rm "$1/coeff" # as if made by hand
	sleep 0.03 # older than one tick of the clock
}

@test "st-index: -c tells a true index from a stale one or none" {
	experience exp 12
	run -1 --separate-stderr st-index -c exp
	[ -z "$output" ] && [ -z "$stderr" ]
	run -0 --separate-stderr st-index exp
	[ -z "$output" ] && [ -z "$stderr" ]
	run -0 st-index -c exp
	printf w1 >exp/storage/1/8/data
	run -1 st-index -c exp
	run -0 st-index exp
	sleep 0.03
	run -0 st-index exp
	run -0 st-index -c exp
	rm exp/storage/3/data
	run -1 st-index -c exp
}

@test "st-index: retrieval says the same with and without" {
	experience exp 30
	printf 'w1\nn4\n' >q1
	printf 'w2\n' >q2
	: >q3
	for o in '' '-m multi' '--compat experience' --noise '--threshold 0.4' \
	    '-k 99 -aj'; do
		# shellcheck disable=SC2086
		st-retrieve -k 7 $o exp q1 q2 q3 >>want || [ $? -eq 1 ]
	done
	st-index exp
	for o in '' '-m multi' '--compat experience' --noise '--threshold 0.4' \
	    '-k 99 -aj'; do
		# shellcheck disable=SC2086
		st-retrieve -k 7 $o exp q1 q2 q3 >>got || [ $? -eq 1 ]
	done
	diff -u want got
}

@test "st-index: queries are not read again but where a tool wrote" {
	experience exp 300
	st-index exp
	printf here >exp/storage/3/0/data # row 10, by a foreign program
	run -0 st-retrieve -N -k 1 exp <<<here
	same $'0\t0'
	run -0 st-retrieve -N -k 1 --check exp <<<here
	same $'10\t1'
	st-set exp 7,0 <<<here
	run -0 st-retrieve -N -k 2 exp <<<here
	same $'7\t1\n0\t0'
	st-index exp
	run -0 st-retrieve -N -k 2 exp <<<here
	same $'7\t1\n10\t1'
}

@test "st-index: a row that would be an answer and was changed is noticed" {
	experience exp 300
	st-index exp
	run -0 st-retrieve -N -k 1 exp <<<n10
	same $'10\t0.5'
	printf 'n11\nx\ny' >exp/storage/3/0/data
	run -0 st-retrieve -N -k 1 exp <<<n10
	same $'0\t0'
	run -0 st-retrieve -N -k 2 exp <<<n11
	same $'11\t0.5\n0\t0'
	# a link's target needs no such luck
	mkdir sibling
	echo n299 >sibling/file
	ln -sf ../../../../sibling/file exp/storage/3/3/data
	st-index exp
	echo n298 >sibling/file
	run -0 st-retrieve -N -k 1 exp <<<n298
	same $'11\t1'
}

@test "st-index: a copy of the directory gets an index of its own" {
	experience exp 300
	st-index exp
	cp -r exp copy
	sleep 0.03
	run -0 st-index -c exp
	run -1 st-index -c copy
	run -0 st-retrieve -N -k 1 copy <<<n299
	same $'299\t0.5'
	run -0 st-index -c copy
}

@test "st-index: where nothing can be written retrieval still answers" {
	experience exp 300
	st-index exp
	st-set exp 5,0 <<<other
	touch exp/storage # as if something had come or gone
	sleep 0.05        # for what comes next is later by the file system's clock
	rm -f exp/.lock
	mkdir exp/.lock # root, too, cannot lock this
	run -0 --separate-stderr st-retrieve -N -k 1 exp <<<other
	[ -z "$stderr" ]
	same $'5\t1'
	run -1 st-index -c exp
	rmdir exp/.lock
	run -0 st-retrieve -N -k 1 exp <<<other
	same $'5\t1'
	run -0 st-index -c exp
}

@test "st-index: -d removes it, and writers stop noting" {
	experience exp 12
	st-index exp
	[ -f exp/index ] && [ -f exp/index.log ]
	run -0 st-set exp 0,0 <<<x
	[ "$(stat -c %s exp/index.log)" -eq 24 ]
	run -0 st-index -d exp
	[ ! -e exp/index ] && [ ! -e exp/index.log ]
	run -0 st-index -d exp
	run -0 st-set exp 0,0 <<<y
	[ ! -e exp/index.log ]
}

@test "st-index: several experiences, names on stdin, bad ones" {
	experience a 3
	experience b 3
	tensor flat '[3]' x
	run -2 --separate-stderr st-index a flat nosuch b
	[ -e a/index ] && [ -e b/index ] && [ ! -e flat/index ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	rm a/index b/index
	run -0 st-index -0 < <(printf 'a\0b\0')
	[ -e a/index ] && [ -e b/index ]
	run -2 st-index -cd a
}

@test "st-index: an index of another machine or time is none" {
	experience exp 12
	st-index exp
	printf '\2' | dd of=exp/index bs=1 seek=8 conv=notrunc status=none
	run -1 st-index -c exp
	run -0 st-retrieve -N -k 1 exp <<<n3
	same $'3\t0.5'
	run -0 st-index -c exp
	ln -sf /dev/zero exp/index
	run -1 st-index -c exp
	run -0 st-retrieve -N -k 1 exp <<<n3
	same $'3\t0.5'
}

@test "st-index: packed experiences, and links to packed ones" {
	experience exp 300
	tensor view '[300, 3]'
	mkdir -p view/storage/0
	ln -s ../../../exp/storage/3/3/data view/storage/0/data
	st-index exp view
	st-pack --store exp
	run -0 st-retrieve -N -k 1 exp <<<n11
	same $'11\t0.5'
	st-set exp 11,0 <<<here
	run -0 st-retrieve -N -k 1 exp <<<here
	same $'11\t1'
	run -0 st-retrieve -N -k 1 view <<<here
	same $'0\t1'
	st-index view
	st-set exp 11,0 <<<there
	run -0 st-retrieve -N -k 1 view <<<there
	same $'0\t1'
	st-set view 0,0 <<<nowhere
	run -0 st-retrieve -N -k 1 exp <<<nowhere
	same $'11\t1'
	st-pack --unstore exp
	run -0 st-retrieve -N -k 1 exp <<<nowhere
	same $'11\t1'
	run -0 st-retrieve -N -k 1 view <<<nowhere
	same $'0\t1'
	st-set exp 11,0 <<<last
	run -0 st-retrieve -N -k 1 view <<<last
	same $'0\t1'
}
