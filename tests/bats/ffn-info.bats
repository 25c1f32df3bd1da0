#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	seq 2000 | ffn-train --bits 8 --batch 64 --model 16 --hidden 16 \
	    --seed 3 -n 2 --summary none -o m
}

@test "ffn-info: format, settings and progress, one row each" {
	run -0 --separate-stderr ffn-info m
	[ -z "$stderr" ]
	[ "${lines[0]}" = $'file\tkey\tvalue' ]
	[ "${lines[1]}" = $'m\tformat\tlearnutils checkpoint' ]
	[ "${lines[2]}" = $'m\tversion\t1' ]
	for want in kind=ffn model=16 hidden=16 bits=8 act=swiglu norm=pre \
	    tied=0 steps=2 seen=128 seed=3; do
		grep -qx $'m\t'"${want%=*}"$'\t'"${want#*=}" <<<"$output"
	done
}

@test "ffn-info: the rows of --tensors add up to the parameters" {
	run -0 ffn-info m
	params=$(awk '$2 == "params" { print $3 }' <<<"$output")
	run -0 ffn-info -t m
	sum=$(awk 'NR > 1 && $2 !~ /^(moment|tables.acc|memory)/ {
	    n = split($3, d, "x"); p = 1
	    for (i = 1; i <= n; i++) p *= d[i]
	    s += p } END { print s }' <<<"$output")
	[ "$sum" = "$params" ]
	awk -F '\t' 'NR > 1 && !($6 <= $4 && $4 <= $7 && $5 >= 0) { exit 1 }' \
	    <<<"$output"
}

@test "ffn-info: a tensor of bytes has their mean and extremes" {
	run -0 ffn-info -t m
	text=$(awk '$2 == "memory.text"' <<<"$output")
	seq 2000 | od -An -v -tu1 -w1 | awk -v n="$(cut -f 3 <<<"$text")" \
	    -v mean="$(cut -f 4 <<<"$text")" '{ s += $1 }
	    END { d = s / NR - mean; exit !(NR == n && d * d < 1e-6) }'
	[ "$(cut -f 6,7 <<<"$text")" = $'10\t57' ]
	grep -q $'\tmemory.counts\t[0-9]*x[0-9]*x16\t' <<<"$output"
	grep -q $'\tmemory.places\t[0-9]*x[0-9]*x4\t' <<<"$output"
}

@test "ffn-info: names come from stdin, and --json is one object a line" {
	cp m 'b c'
	run -0 bash -c "printf 'm\nb c\n' | ffn-info -j | jq -r 'select(.key == \"steps\") | .file + \"=\" + .value'"
	same "$(printf 'm=2\nb c=2')"
	run -0 bash -c "printf 'm\0b c\0' | ffn-info -0 | grep -c steps"
	same 2
}

@test "ffn-info: one bad file is reported, the rest are described, status 2" {
	head -c 3000 m >part
	run -2 --separate-stderr ffn-info part m nosuch
	[[ $output == *$'m\tsteps\t2'* && $output != *part* ]]
	[[ $stderr == "ffn-info: part: truncated"*"ffn-info: nosuch: "* ]]
}
