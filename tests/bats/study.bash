# shellcheck shell=bash
# Loaded by the tests of ar-*: small repositories to experiment on.

# toy - a repository in ./toy whose train.py prints the summary of a training
# run, with the value it finds in a file; go there.
toy() {
	git init -q -b main toy && cd toy || return 1
	cat >train.py <<'EOF'
#!/bin/sh
v=$(cat value)
[ "$v" != crash ] || exit 1
printf 'step 1\rstep 2\n---\nval_bpb:          %s\n' "$v"
printf 'training_seconds: 300.1\npeak_vram_mb:     45060.2\n'
EOF
	chmod +x train.py && echo 0.997900 >value && commit base
}

commit() {
	git add -A && git commit -qm "$1"
}

# trusting - a study "t" of the toy that believes what the run prints.
trusting() {
	ar-init -t t -m val_bpb:lower -r ./train.py --trust-run "$@"
}

# measured - a study "t" of the toy that measures it from the sealed tree.
measured() {
	ar-init -t t -m val_bpb:lower -r ./train.py \
	    -e 'sed "s/^/val_bpb: /" "$AR_WORKTREE/value"' "$@"
}

# try VALUE... - one experiment for each value.
try() {
	local v
	for v; do
		ar-loop -t t -n 1 -a "echo $v >value; echo try $v" || [ $? = 1 ] ||
			return 2
	done
}

# rows - status and description of every row.
rows() {
	ar-log -t t | cut -f 4,5 | tail -n +2 | tr '\t' ' '
}

# sound - what must hold of study "t" whatever happened to it.
sound() {
	local seq commit result tip dir
	dir=$(git rev-parse --git-common-dir)/ar/t
	ar-log -t t --check || return 1
	tip=$(git rev-parse refs/ar/t/base)
	while IFS=$'\t' read -r seq _ parent commit _ _ result _; do
		[ "$(grep -c "^$seq	decided" "$dir/journal")" = 1 ] || return 1
		[ "$(git rev-parse "$(printf 'refs/ar/t/exp/%06d' "$seq")")" = \
		    "$commit" ] || return 1
		[ "$result" != keep ] || [ "$seq" = 0 ] || [ "$parent" = "$tip" ] ||
			return 1
		[ "$result" != keep ] || tip=$commit
	done < <(ar-log -t t --decisions --no-header)
	[ "$(git rev-parse autoresearch/t)" = "$tip" ] || return 1
	[ "$(git rev-parse refs/ar/t/best)" = "$tip" ] || return 1
	[ "$(ar-log -t t --decisions -N | cut -f 1)" = \
	    "$(seq 0 $(($(ar-log -t t -N | wc -l) - 1)))" ]
}
