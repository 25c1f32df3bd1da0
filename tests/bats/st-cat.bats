#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-cat: coordinates, coefficients and escaped texts" {
	tensor t '[2, 2]' a $'b\tc\\\n' '' $'\r'
	rm t/storage/0/data
	run -0 --separate-stderr st-cat t
	same $'coords\tcoeff\ttext\n0,0\t0\t\n0,1\t1\tb\\tc\\\\\\n\n1,0\t1\t\n1,1\t1\t\r'
	[ -z "$stderr" ]
	run -0 st-cat -Nm t
	same $'0,0\t0\t'
	run -0 st-cat -Np t
	[ "${#lines[@]}" -eq 3 ]
}

@test "st-cat: JSON" {
	tensor t '[2]' $'"\xff\n' ''
	rm t/storage/1/data
	run -0 st-cat -j t
	same $'{"coords":"0","coeff":1,"text":"\\"\xef\xbf\xbd\\n"}
{"coords":"1","coeff":0,"text":null}'
}

@test "st-cat: several tensors, named, from stdin" {
	tensor t '[1]' a
	tensor 'u v' '[]' b
	want=$'tensor\tcoords\tcoeff\ttext\nt\t0\t1\ta\nu v\t\t1\tb'
	run -0 st-cat -w t 'u v'
	same "$want"
	run -0 st-cat -w <<<$'t\nu v'
	same "$want"
	run -0 --separate-stderr bash -c "printf 't\0u v\0' | st-cat -0w"
	same "$want"
}

@test "st-cat: a bad tensor does not stop the others" {
	tensor t '[1]' a
	mkdir d
	run -2 --separate-stderr st-cat nosuch d t
	same $'coords\tcoeff\ttext\n0\t1\ta'
	[[ $stderr == "st-cat: nosuch: "*$'\n'"st-cat: d/shape: "* ]]
}

@test "st-cat: a NUL byte is refused by name, the rest is printed" {
	tensor t '[1, 3]' a b c
	printf 'x\0y' >t/storage/1/data
	run -2 --separate-stderr st-cat -N t
	same $'0,0\t1\ta\n0,2\t1\tc'
	[[ $stderr == "st-cat: t[0,1]: a NUL byte"* ]]
}

@test "st-cat: kept coefficients are printed in nine digits" {
	tensor t '[3]' a b c
	printf '%-15.9g\n' 0.3 -1.23456789e-30 >t/coeff
	run -0 st-cat -N t
	same $'0\t0.3\ta\n1\t-1.23456789e-30\tb\n2\t1\tc'
}
