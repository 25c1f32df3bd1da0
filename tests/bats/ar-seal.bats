#!/usr/bin/env bats
# What a candidate, its run and its words cannot do to its measurement.
load helper
load study

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

# guarded - the toy with an evaluator, ignored data and a protected list.
guarded() {
	toy
	mkdir eval data
	printf '#!/bin/sh\ncat data/val.txt lib.sh >/dev/null &&
sed "s/^/val_bpb: /" "$AR_WORKTREE/value"\n' >eval/run.sh
	echo 'echo lib' >lib.sh && chmod +x eval/run.sh
	echo /data/ >.gitignore && commit eval
	echo secret >data/val.txt && echo /etc/hostname >list
	printf '%s\n' '# what counts' '' eval/ data/val.txt /etc/hostname >../list
	ar-init -t t -m val_bpb:lower -r ./train.py -e eval/run.sh -p ../list
}

@test "ar-seal: a metric that the run prints is not believed" {
	toy
	measured
	run -1 ar-loop -t t -n 1 -a \
	    'printf "#!/bin/sh\necho val_bpb: 0.1\n" >train.py; echo lie'
	[ "$(ar-log -t t -N | tail -n 1 | cut -f 2)" = 0.997900 ]
}

@test "ar-seal: a candidate that touches a protected path is not run" {
	guarded
	for how in 'echo "echo val_bpb: 0" >eval/run.sh' \
	    'git mv eval/run.sh eval/run2.sh' 'git mv eval ev' 'rm -r eval' \
	    'chmod -x eval/run.sh' 'ln -sf ../lib.sh eval/run.sh' \
	    'rm -r eval; ln -s . eval' 'echo x >eval/extra' \
	    'mkdir data; echo x >data/val.txt; echo >.gitignore' \
	    'ln -s /tmp data; echo >.gitignore'; do
		run -1 ar-loop -t t -n 1 -a "$how; touch ran; echo bad"
		[ "$(ar-log -t t --decisions -N | tail -n 1 | cut -f 6,7)" = \
		    "seal_violation	crash" ]
		[[ $(rows | tail -n 1) == "crash bad [changes protected "*"]" ]]
	done
	[ "$(ar-log -t t --runs -N | wc -l)" = 1 ]
	try 0.5
	[ "$(rows | tail -n 1)" = "keep try 0.5" ]
	sound
}

@test "ar-seal: a run that changes what is sealed stops the loop" {
	guarded
	head=$(git rev-parse autoresearch/t)
	for what in '$AR_REPO/data/val.txt' '$AR_SEALED/data/val.txt' \
	    '$AR_SEALED/eval/run.sh' '$AR_SEALED/lib.sh'; do
		path=$(AR_REPO=$PWD AR_SEALED=$PWD/.git/ar/t/sealed \
		    bash -c "echo $what")
		cp -p "$path" ../copy
		run -2 --separate-stderr ar-loop -t t -n 1 -a "cat >train.py <<EOF
#!/bin/sh
if [ ! -e \\\$AR_REPO/../calm ]; then rm -f \"\\$what\"
echo val_bpb: 0 >\"\\$what\"; fi
EOF
echo 0.1 >value; echo \"\$AR_SEQ\" >>n"
		[[ $stderr == *"${what##*/}: changed"* ]]
		[ "$(git rev-parse autoresearch/t)" = "$head" ]
		sound
		rm -f "$path" && cp -p ../copy "$path"
		: >../calm # mended: the same experiment is run again
		run -0 ar-loop -t t -n 0 || [ "$status" = 1 ]
		run ar-loop -t t -n 1 -a false
		rm ../calm
		head=$(git rev-parse autoresearch/t)
	done
	sound
}

@test "ar-seal: leftovers of a metric command do not meet the next one" {
	toy
	ar-init -t t -m n:lower -r true \
	    -e 'ls | wc -l | sed s/^/n:/; touch left; ln -s / link'
	run -1 ar-loop -t t -n 2 -a 'echo "$AR_SEQ" >value'
	[ "$(ar-log -t t -N | cut -f 2 | sort -u)" = 2.000000 ]
}

@test "ar-seal: the base version of a changed evaluator is sealed, and said" {
	toy
	echo 'echo v:1' >eval.sh && commit eval
	echo 'echo v:2' >eval.sh && echo eval.sh >../list
	run -0 --separate-stderr ar-init -t t -m v:lower -r true -p ../list \
	    -e 'sh eval.sh'
	[[ $stderr == "eval.sh: the committed version is sealed"* ]]
	[ "$(ar-log -t t -N | cut -f 2)" = 1.000000 ]
	[ "$(cat eval.sh)" = 'echo v:2' ]
}

@test "ar-seal: sealed files are read-only, of one hash with the originals" {
	guarded
	[ -z "$(find .git/ar/t/sealed -type f -perm /222)" ]
	sum=$(sha256sum data/val.txt | cut -d ' ' -f 1)
	[ "$(grep -c "^$sum	" .git/ar/t/seal.tsv)" = 2 ]
	grep -q '	file	/etc/hostname	abs$' .git/ar/t/seal.tsv
	[ "$(head -n 1 .git/ar/t/seal.tsv)" = "sha256	mode	type	path	root" ]
}

@test "ar-seal: no number, a bad one, or a failing metric is a metric_error" {
	toy
	ar-init -t t -m v:lower -r true \
	    -e 'cd "$AR_WORKTREE"; if [ -e say ]; then . ./say; else echo v: 1; fi'
	for say in 'echo v: nan' 'echo v: inf' 'echo v: 1e999' 'echo best_v: 0' \
	    'echo v: 0; exit 3' 'true'; do
		run -1 ar-loop -t t -n 1 -a "echo '$say' >say; echo '$say'"
		[ "$(ar-log -t t -N | tail -n 1 | cut -f 2,3,4)" = \
		    "0.000000	0.0	crash" ]
		[ "$(ar-log -t t --decisions -N | tail -n 1 | cut -f 6,8)" = \
		    "metric_error	" ]
	done
	sound
}
