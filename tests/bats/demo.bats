#!/usr/bin/env bats
# The example with a trainer and an evaluator that take no time.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	example=$ROOT/examples/autoresearch
	mkdir bin
	for t in "${BIN:-$ROOT/bin}"/ar-*; do
		[[ $t == *.c || $t == *.sh ]] || ln -s "$t" bin/
	done
	# The model is its settings; it is the better the nearer lr is to 0.004.
	cat >bin/ffn-train <<-'E'
		#!/bin/sh
		[ "$1" = -f ] && [ "$3" = -b ] && [ "$5" = -o ] && [ -s "$7" ] || exit 2
		# Ctrl-C during experiment 2: the terminal tells the whole group.
		if [ -e "$AR_REPO/../group" ] && [ "$AR_SEQ" -eq 2 ]; then
			kill -INT "-$(cat "$AR_REPO/../group")"
			sleep 9
		fi
		cp "$2" "$6"
	E
	cat >bin/bpb-eval <<-'E'
		#!/bin/sh
		[ -s "$2" ] || exit 2
		awk '$1 == "lr" { x = log($2 / 0.004) } $1 == "words" { y = $2 }
		    END { printf "val_bpb: %.6f\n", 2 + x * x - y / 10 }' "$1"
	E
	chmod +x bin/*-*
	export BIN=$PWD/bin
	seq 20000 >text
}

demo() {
	"$example/run.sh" -b 1 -c text "$@"
}

@test "demo: makes a study, runs it, prints table, plot and what is next" {
	run -0 --separate-stderr demo -n 5 d
	[[ $stderr == *"corpus: 108894 bytes of text from $PWD/text"* ]]
	[[ $output == *"keep     baseline"*"6 experiments"*"git -C $PWD/d"* ]]
	cd d
	[ "$(ar-log -N -t demo | wc -l)" -eq 6 ]
	[ -s progress.svg ] && [ -s progress.png ]
	[ -z "$(git status --porcelain)" ]
	[ "$(git log --oneline main | wc -l)" -eq 1 ]
	cmp <(cat data/train.txt data/val.txt) ../text
	[ "$(wc -c <data/val.txt)" -eq $((108894 / 16)) ]
	[ -s "$(git rev-parse --git-common-dir)/ar/demo/sealed/eval/bpb-eval" ]
}

@test "demo: a second call goes on with the same split and the same study" {
	demo -n 2 d >/dev/null 2>&1
	cp -p d/data/val.txt val
	first=$(cd d && ar-log -N -t demo)
	echo other >>text
	run -0 --separate-stderr demo -n 2 d
	[[ $stderr != *corpus* ]] && [[ $stderr != *baseline* ]]
	cmp val d/data/val.txt
	[ "$(cd d && ar-log -N -t demo | head -3)" = "$first" ]
	[ "$(cd d && ar-log -N -t demo | wc -l)" -eq 5 ]
}

@test "demo: stopped by Ctrl-C, it goes on where it was" {
	run -130 --separate-stderr setsid -w sh -c 'echo $$ >group; exec "$@"' - \
	    "$example/run.sh" -b 1 -c text -n 3 d
	[[ $stderr == *"demo: stopped; nothing is lost"* ]]
	[ "$(cd d && ar-log -N -t demo | wc -l)" -eq 2 ]
	[[ $(cd d && ar-status) == *"was interrupted while running"* ]]
	rm group
	run -0 --separate-stderr demo -n 3 d
	[ "$(cd d && ar-log -N -t demo | wc -l)" -ge 4 ]
	[ "$(cd d && ar-log -N -t demo | cut -f1 | sort | uniq -d | wc -l)" -eq 0 ]
	(cd d && ar-log -t demo --check)
}

@test "demo: leaves alone what is not its own" {
	mkdir d
	echo mine >d/file
	run -2 --separate-stderr demo d
	[[ $stderr == *"d: exists and is not a study of this script"* ]]
	[ "$(ls d)" = file ]
	git init -q repo
	run -2 demo repo
	[ "$(ls -A repo)" = .git ]
	touch plain
	run -2 demo plain
	run -2 demo no/such
	run -2 demo a b
	run -2 demo -x
	run -2 demo -n 0 d2
	run -2 demo -b 1.5 d2
	# inside a repository of the user: its files and history stay as they are
	cd repo
	git -c user.name=a -c user.email=a@b commit -q --allow-empty -m mine
	GIT_DIR=$PWD/.git run -0 "$example/run.sh" -b 1 -c ../text -n 1 d
	[ "$(git log --all --oneline | wc -l)" -eq 1 ]
	[ "$(git status --porcelain)" = "?? d/" ]
	[ "$(git rev-parse --git-common-dir)" = .git ] && [ ! -e .git/ar ]
}

@test "demo: without a network it takes text from this machine, and says so" {
	printf '#!/bin/sh\nexit 100\n' >bin/apt-get
	printf '#!/bin/sh\nexit 1\n' >bin/dpkg
	chmod +x bin/apt-get bin/dpkg
	PATH=$PWD/bin:$PATH run --separate-stderr "$example/corpus.sh" data
	[[ $stderr == *"could not fetch perl-doc; taking text that this"* ]]
	if [ "$status" -eq 0 ]; then
		[ -s data/train.txt ] && [ -s data/val.txt ]
	else # a machine without a single manual
		[ "$status" -eq 2 ] && [[ $stderr == *"give some with -c FILE"* ]]
	fi
	[ -z "$(ls -d data/tmp* 2>/dev/null)" ]
}

@test "demo: too little text is refused" {
	echo few >few
	run -2 --separate-stderr "$example/run.sh" -c few d
	[[ $stderr == *"corpus: only 4 bytes of text"* ]]
	run -0 --separate-stderr demo -n 1 d # and it can be made good
}

@test "demo: the settings are within the declared space, all of them" {
	while IFS=$'\t' read -r name _; do
		[ "$name" = name ] || grep -q "^$name " "$example/train.conf"
	done <"$example/space.tsv"
	cp "$example"/train.conf "$example"/space.tsv .
	run -0 ar-propose -n
}
