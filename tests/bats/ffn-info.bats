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

@test "ffn-info: what evaluations found, and which model was kept" {
	seq 2000 3000 >val.txt
	run ffn-info m
	[[ $output != *evals* && $output != *best_* ]]
	seq 2000 | ffn-train --bits 8 --batch 64 --model 16 --hidden 16 -n 6 \
	    --context 64 -v val.txt --eval-steps 2 --summary none -o e
	run -0 ffn-info e
	[[ $output == *$'\tevals\t3\n'* && $output == *$'\tval_bpb\t'* ]]
	[[ $output == *$'\tbest_bpb\t'*$'\tbest_step\t6'* ]]
}

@test "ffn-info: foreign and damaged files are refused, each with a reason" {
	n=$(stat -c %s m)
	# a bit turned in the magic, the header's size, its sum, its text, and in
	# tensors near the start, in the middle, at the end
	i=0
	for at in 0 35 42 60 1500 $((n / 4)) $((n / 2)) $((n - 70)); do
		i=$((i + 1))
		cp m "flip$i"
		byte=$(od -An -tu1 -j "$at" -N 1 m)
		printf "\\x$(printf %x $((byte ^ 1)))" |
		    dd of="flip$i" bs=1 seek="$at" conv=notrunc status=none
		run ! cmp -s m "flip$i"
	done
	head -c $((n - 64)) m >short
	cat m m >twice
	printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR' >png
	printf 'MGCK\1\0\0\0\1\0\0\0\377\377\377\377\377\377\377\377' >bundle
	printf 'learnutils-checkpoint 1\nheader 9999999999 00000000\n' >huge
	: >empty
	mkdir dir
	for f in flip* short twice png bundle huge empty dir /dev/zero; do
		run -2 --separate-stderr ffn-info "$f"
		same $'file\tkey\tvalue'
		[[ $stderr == "ffn-info: $f: "?* ]]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
}
