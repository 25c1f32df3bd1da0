#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	mkdir d && printf 'one\n' >d/a && printf 'two' >d/b
	st-pack --nonce N d >text
}

@test "st-unpack: any bytes but NUL come back, in files and in names" {
	mkdir -p $'d/new\nline' 'd/tab	back\slash'
	printf '\r\n\377\300\200\342\200\250x\n\n' >$'d/new\nline/f'
	printf '## File N: x\nbytes: 3\n```\nabc\n```\n' >'d/tab	back\slash/\n'
	printf '\n' >d/newline && : >d/empty && printf '`\n``' >d/ticks
	head -c 20000 /dev/urandom | tr '\0' x >d/random
	run -0 --separate-stderr st-unpack -o e < <(st-pack d)
	same e
	diff -r d e
	cmp <(st-pack --nonce q e | sed 's,^e/$,d/,') <(st-pack --nonce q d)
}

@test "st-unpack: a tensor with its coefficients" {
	st-make -o t -s '[3, 4]' a b c d e f g h i j k l >/dev/null
	st-set -k -c 0.5 t 0,1
	st-set -k -c 0 t 2,3
	st-set -k -c -1e-07 t 1,1
	st-set -d t 1,0
	run -0 st-unpack -o u < <(st-pack t)
	cmp <(st-cat t) <(st-cat u)
	run -0 st-fsck -N t u
	[ -z "$output" ]
	# a fresh name; and inside a directory of others
	run -0 st-unpack <(st-pack t)
	cmp <(st-cat t) <(st-cat "$output")
	mkdir w && cp -r t w/t
	run -0 st-unpack -o x < <(st-pack w)
	cmp <(st-cat t) <(st-cat x/t)
}

@test "st-unpack: -n lists and writes nothing" {
	run -0 --separate-stderr st-unpack -n text
	same 'path	bytes	coeff
a	4	
b	3	'
	[ "$(ls -d [dt]*)" = $'d\ntext' ]
}

# refused SED REASON - the text changed by SED is refused for REASON
refused() {
	sed "$1" text >bad
	run --separate-stderr st-unpack -o out bad
	[ "$status" -eq 2 ] && [[ $stderr == "st-unpack: bad: "*"$2"* ]] &&
		[ -z "$output" ] && [ ! -e out ] && [ -z "$(compgen -G ".*.new.*")" ] ||
		{ echo "$1: $status $stderr"; return 1; }
}

@test "st-unpack: paths that leave the directory are refused" {
	for path in ../a /a a/../b a//b a/ ./a . .. a/.. 'a/./b' '' '..\/x'; do
		refused "s,N: a\$,N: ${path//\\/}," 'not a path below the directory'
	done
	refused 's/N: b$/N: a/' 'a: twice, or out of order'
	refused 's/N: a$/N: c/' 'b: twice, or out of order'
	# a file in place of a directory
	refused 's,N: b$,N: a/b,' '' || [[ $stderr == *"a"*"irectory"* ]]
	[ ! -e out ]
	echo keep >victim
	refused 's,N: a$,N: ../victim,' 'not a path'
	[ "$(cat victim)" = keep ]
}

@test "st-unpack: what is no pack, or was cut or changed" {
	refused 1d 'not a pack'
	refused '1s/1/2/' 'not a pack'
	refused '$d' 'cut short'
	refused 's/^bytes: 4/bytes: 5/' 'do not end at the fence'
	refused 's/^bytes: 4/bytes: 3/' 'do not end at the fence'
	refused 's/^bytes: 4/bytes: 999/' 'the text ends before 999 bytes'
	refused 's/^bytes: 4/bytes: 99999999999999999999999/' ''
	refused 's/^bytes: 4/bytes: -4/' 'not a number of bytes'
	refused 's/^bytes: 4/bytes:/' 'a line "bytes: N" is missing'
	refused 's/^bytes: 4/&\ncoefficient: x/' 'not a coefficient'
	refused 's/^bytes: 4/&\ncoefficient: 2/' 'a coefficient, but no element' ||
		[[ $stderr == *"a coefficient, but no element"* ]]
	refused '$s/$/\nmore/' 'text after the end'
	refused 's/^# Files N//' 'no files'
	size=$(wc -c <text)
	for n in 0 1 9 100 200 $((size - 1)); do
		head -c "$n" text >bad
		run -2 --separate-stderr st-unpack -o out bad
		[ ! -e out ]
	done
}

@test "st-unpack: the directory must be new or empty; links are not followed" {
	mkdir full && echo x >full/x
	run -2 --separate-stderr st-unpack -o full text
	[[ $stderr == "st-unpack: full: exists already" ]]
	[ "$(ls -A full)" = x ]
	mkdir empty
	run -0 st-unpack -o empty/ text
	cmp d/a empty/a
	mkdir elsewhere && ln -s elsewhere link
	run -2 --separate-stderr st-unpack -o link text
	[ -z "$(ls elsewhere)" ] && [ -z "$(compgen -G ".*.new.*")" ]
	run -2 --separate-stderr st-unpack -o no/such text
	[[ $stderr == "st-unpack: no/such: No such file or directory" ]]
	run -2 st-unpack text text
	run -2 --separate-stderr st-unpack none
	[[ $stderr == "st-unpack: none: No such file or directory" ]]
}
