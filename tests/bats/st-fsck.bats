#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	tensor t '[3]' a b c
	gone=$(sh -c 'echo $$') # the number of a process that has ended
}

# report - cell, problem and the first word of the detail, one line each
report() {
	st-fsck -N "$@" | cut -f 2- | sed 's/: .*//'
}

@test "st-fsck: a sound tensor is a header line and exit 0" {
	run -0 --separate-stderr st-fsck t
	same "tensor	cell	problem	detail"
	[ -z "$stderr" ]
	run -0 st-fsck -N t
	[ -z "$output" ]
	tensor s '[]' x
	tensor e '[0]'
	tensor n '[2, 2]'
	tensor big '[12]' 0 1 2 3 4 5 6 7 8 9 10 11
	printf '%-15s\n' 0.5 0 -1e-07 >t/coeff
	: >t/.lock
	run -0 st-fsck -N t s e n big
	[ -z "$output" ]
}

@test "st-fsck: names on stdin, JSON, the worst exit code" {
	mkdir bad && echo >bad/x
	run -1 --separate-stderr st-fsck -N <<<$'t\nbad'
	[[ $output == "bad		shape	bad/shape: No such file or directory" ]]
	run -1 st-fsck -j bad
	[ "$(jq -r '.cell, .problem' <<<"$output")" = $'null\nshape' ]
	run -2 --separate-stderr st-fsck -N bad none t
	[ "${#lines[@]}" = 1 ]
	[[ $stderr == "st-fsck: none: No such file or directory" ]]
	echo x >plain
	run -2 --separate-stderr st-fsck plain
	[[ $stderr == "st-fsck: plain: not a directory" ]]
	mkdir $'new\nline'
	printf 'new\nline\0' >names
	run -1 st-fsck -N0 <names
	[[ $output == 'new\nline'* ]]
}

@test "st-fsck: a shape that is none" {
	for shape in '' '[2' '[2,]' '[02]' '[-1]' '{}' '[2]x' '[99999999999,9999]'; do
		printf %s "$shape" >t/shape
		run -1 st-fsck -N t
		[[ $output == "t		shape	t/shape: "* ]]
	done
}

@test "st-fsck: foreign files, bad digits, elements beyond the shape" {
	mkdir -p t/storage/{0/1,x,-/1,12,3,1/0} t/extra
	for d in 0/1 - 3 1/0 .; do echo z >t/storage/$d/data; done
	echo z >t/storage/5
	ln -s 1 t/storage/9
	find t | sort >before
	run -0 report t
	same "	foreign	extra
	foreign	storage/-
	digits	storage/0/1/data
	beyond	storage/1/0/data
	foreign	storage/12
	beyond	storage/3/data
	foreign	storage/5
	link	storage/9
	foreign	storage/data
	foreign	storage/x"
	# none of these is mended: it may be somebody's data
	run -1 st-fsck -r t
	find t | sort | cmp - before
	[[ $output != *mended* ]]
}

@test "st-fsck: what is no file, and no directory" {
	rm t/storage/[12]/data
	mkdir t/storage/1/data
	mkfifo t/storage/2/data
	mkdir t/coeff
	run -0 report t
	same "1	type	storage/1/data
2	type	storage/2/data
	type	coeff"
	tensor u '[1]'
	: >u/storage
	run -1 st-fsck -N u
	same "u		type	storage: not a directory"
}

@test "st-fsck: links" {
	tensor from '[2]' one
	tensor v '[7]'
	for i in 0 1 2 3 4 5 6; do mkdir -p v/storage/$i; done
	mkdir -p from/storage/1
	ln -s ../../../from/storage/0/data v/storage/0/data # a view
	ln -s ../../../from/storage/1/data v/storage/1/data # of what is absent
	ln -s ../../../none/storage/1/data v/storage/2/data
	ln -s data v/storage/3/data
	ln -s /etc/passwd v/storage/4/data
	ln -s ../../../from v/storage/5/data
	ln -s "$PWD/../outside" v/storage/6/data
	run -0 report v
	same "2	dangling	storage/2/data
3	loop	storage/3/data
4	outside	storage/4/data
5	type	storage/5/data
6	dangling	storage/6/data"
	run -1 st-fsck -r v
	[ "$(readlink v/storage/2/data)" = ../../../none/storage/1/data ]
	# the directory itself may be reached by a link
	ln -s "$PWD/from" alias
	run -0 st-fsck alias
	mkdir far && mv from far/
	ln -s far/from from
	run -0 report v
	[[ ${lines[0]} == "2	dangling	"* ]] # far is in the store
	mv far ..
	ln -sfn ../far/from from
	run -0 report v
	[[ ${lines[0]} == "0	outside	storage/0/data" ]]
	rm -r ../far
}

@test "st-fsck: temporary files of processes that are gone are removed" {
	echo half >t/storage/1/.data.$gone
	echo half >t/coeff.tmp.$gone
	echo half >t/storage/0/.data.$$
	run -0 report t
	same "	stray	coeff.tmp.$gone
0	stray	storage/0/.data.$$
1	stray	storage/1/.data.$gone"
	run -1 --separate-stderr st-fsck -Nr t
	[ "$(grep -c mended <<<"$output")" = 2 ]
	[[ $output == *"process $$, which is running"* ]]
	run -0 report t
	same "0	stray	storage/0/.data.$$"
	[ "$(cat t/storage/[012]/data)" = abc ]
}

@test "st-fsck: coefficients that are no numbers" {
	printf '%-15s\n' 0.5 x nan >t/coeff
	run -1 st-fsck -N t
	same "t	1	coeff	coeff: x              \\n: not a number
t	2	coeff	coeff: nan            \\n: not a number"
	run -0 st-fsck -r t
	[ "$(tr -d ' ' <t/coeff)" = $'0.5\n1\n1' ]
	run -0 st-fsck t
	# 1e999, no end of line, NUL inside, and holes, which are fine
	printf '%-15s\n%-16s%-5s\0%-9s\n' 1e999 1 1 2 >t/coeff
	run -0 report t
	same "0	coeff	coeff
1	coeff	coeff
2	coeff	coeff"
	head -c 48 /dev/zero >t/coeff
	run -0 st-fsck t
}

@test "st-fsck: coefficients without data, torn or beyond the shape" {
	tensor u '[3]' a
	printf '%-15s\n' 1 0.5 0 7 >u/coeff
	printf '%-9s' 1 >>u/coeff
	run -1 st-fsck -N u
	same "u		coeff	coeff: 73 bytes, no multiple of 16
u	1	coeff	coeff: 0.5 without data
u		beyond	coeff: record 3 of 3"
	run -1 st-fsck -Nr u
	run -0 report u
	same "	beyond	coeff"
	[ "$(tr -d ' ' <u/coeff)" = $'1\n0\n0\n7' ]
}

@test "st-fsck: data with coefficient 0 is a problem on request only" {
	printf '%-15s\n' 1 0 1 >t/coeff
	run -0 st-fsck -N t
	[ -z "$output" ]
	run -1 st-fsck -Nz t
	same "t	1	zero	storage/1/data: data whose coefficient is 0"
	run -0 st-fsck -Nzr t
	[[ $output == *"; mended" ]]
	run -0 st-fsck -z t
	[ "$(cat t/storage/1/data)" = b ]
}

@test "st-fsck: without -r nothing is written" {
	printf '%-15s\n' x 1 1 >t/coeff
	echo half >t/storage/1/.data.$gone
	find t -printf '%p %s %T@ %C@\n' | sort >before
	run -1 st-fsck t
	find t -printf '%p %s %T@ %C@\n' | sort | cmp - before
	# and where nothing can be mended it says so
	[ "$(id -u)" = 0 ] || {
		chmod -R a-w t
		run -1 st-fsck -r t
		chmod -R u+w t
	}
}

@test "st-fsck: a tensor whose writer died before there was a shape" {
	mkdir u v
	echo '[2' >u/shape.tmp.$gone
	: >v/shape.tmp.$$
	run -1 st-fsck -N u v
	same "u		unfinished	no shape and no element yet
v		shape	v/shape: No such file or directory"
	[ -e u ]
	run -1 st-fsck -r u v
	[ ! -e u ] && [ -e v/shape.tmp.$$ ]
}

@test "st-fsck: a tensor whose builder died before it had a name" {
	cp -a t .u.new.$gone
	cp -a t .u.new.$$
	cp -a t .u.new.x
	run -0 st-fsck .u.new.x
	run -1 st-fsck -N .u.new.$gone .u.new.$$/
	[[ ${lines[0]} == ".u.new.$gone		unfinished	process $gone died while making this" ]]
	echo half >table.tmp.$gone
	run -1 st-fsck -r .u.new.$gone/ .u.new.$$ ./.u.new.x table.tmp.$gone
	[ ! -e .u.new.$gone ] && [ ! -e table.tmp.$gone ] && [ -e .u.new.$$ ] && [ -e .u.new.x ]
}

@test "st-fsck: a packed store, and what a killed st-pack leaves" {
	st-pack -h | grep -q -- --store || skip "no packed stores"
	cp -r t u
	st-pack --store t
	run -0 st-fsck -N t
	[ -z "$output" ]
	cp -r u/storage t/
	mkdir -p t/.storage.new.new.$gone/storage/0
	echo a >t/.storage.new.new.$gone/storage/0/data
	run -0 report t
	same "	stray	.storage.new.new.$gone
	twice	storage"
	run -0 st-fsck -r t
	[ ! -e t/storage ] && [ ! -e t/.storage.new.new.$gone ]
	run -0 st-fsck t
	printf x | dd of=t/store bs=1 seek=$(($(wc -c <t/store) - 1)) conv=notrunc 2>/dev/null
	run -1 st-fsck -N t
	[[ $output == "t	"?"	store	"* ]]
	run -1 st-fsck -r t
}
