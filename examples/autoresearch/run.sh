#!/bin/sh
# run.sh - an autoresearch loop on real text, from nothing to a plot.
#
# DIR becomes a git repository of its own with a study in it. A second call
# adds more experiments; so does one after Ctrl-C.
set -eu

usage() {
	echo "usage: run.sh [-b SECS] [-c FILE] [-n N] [DIR]"
	echo
	echo "  -b SECS  training budget of one experiment (15)"
	echo "  -c FILE  text to learn from, instead of perl-doc"
	echo "  -n N     experiments to add (7)"
	echo "  DIR      where the study is made or continued (demo)"
}

budget=15 text='' n=7
while getopts b:c:n:h opt; do
	case $opt in
	b) budget=$OPTARG ;;
	c) text=$OPTARG ;;
	n) n=$OPTARG ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
case $#,$budget,$n in
[01],[1-9]*,[1-9]*) ;;
*) usage >&2; exit 2 ;;
esac
case $budget$n in *[!0-9]*) usage >&2; exit 2 ;; esac

here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../bin}
[ ! -d "$bin" ] || bin=$(cd "$bin" && pwd)
PATH=$bin:$PATH
export PATH
tag=demo
# A caller's repository (a hook, say) must not become ours.
# shellcheck disable=SC2046  # a list of names
unset $(git rev-parse --local-env-vars)

say() { printf 'demo: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }
for tool in ar-init ar-loop ar-log ar-plot ar-propose ffn-train bpb-eval; do
	command -v $tool >/dev/null || die "$tool: not found; run make first"
done

stopped() {
	trap - INT TERM
	say "stopped; nothing is lost, the same command goes on from here"
	exit "$1"
}
trap 'stopped 130' INT
trap 'stopped 143' TERM

# Ours is a repository that we made: everything else is left alone.
is_ours() {
	[ "$(git -C "$1" config --local learnutils.study 2>/dev/null)" = $tag ]
}

make_repository() { # DIR, absolute
	parent=$(dirname "$1")
	[ -d "$parent" ] || die "$parent: no such directory"
	new=$(mktemp -d "$1.new.XXXXXX") || exit 2
	chmod 755 "$new"
	git init -q --template= -b main "$new"
	git -C "$new" config learnutils.study $tag
	mv -T "$new" "$1" # the name appears only when it is ours
}

commit_files() {
	printf '/%s\n' data/ eval/ model.ckpt 'progress.*' >.gitignore
	for f in program.md protected.txt space.tsv train.conf train.sh; do
		cp "$here/$f" "$f"
	done
	chmod 755 train.sh
	git add .gitignore program.md protected.txt space.tsv train.conf train.sh
	git -c user.name=demo -c user.email=demo@localhost \
	    -c commit.gpgSign=false -c core.hooksPath=/dev/null \
	    commit -q -m 'start: settings, space, instructions'
}

dir=${1:-demo}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
if [ -d "$dir" ] && ! is_ours "$dir" && ! rmdir "$dir" 2>/dev/null; then
	die "$dir: exists and is not a study of this script; name another DIR"
fi
[ ! -e "$dir" ] || [ -d "$dir" ] || die "$dir: exists and is no directory"
[ -d "$dir" ] || make_repository "$dir"
cd "$dir"

if [ -n "$text" ]; then
	case $text in /*) ;; *) text=$OLDPWD/$text ;; esac
	"$here/corpus.sh" -c "$text" data
else
	"$here/corpus.sh" data
fi
if [ ! -e eval/bpb-eval ]; then
	mkdir -p eval
	cp "$(command -v bpb-eval)" eval/bpb-eval.new
	mv eval/bpb-eval.new eval/bpb-eval
fi
git rev-parse -q --verify HEAD >/dev/null || commit_files

# go COMMAND... - run a step of the loop; end where it was interrupted
go() {
	rc=0
	"$@" || rc=$?
	case $rc in
	0 | 1) ;; # 1: nothing was kept, which is a result
	130 | 143) stopped $rc ;;
	75) say "another program works on this study; try again later"; exit 75 ;;
	*) say "$1 failed ($rc); the study is in $dir"; exit "$rc" ;;
	esac
}

if ! ar-status -t $tag >/dev/null 2>&1; then
	say "measuring the baseline: $budget s of training"
	go ar-init -t $tag -m val_bpb:lower -r ./train.sh \
	    -e './eval/bpb-eval "$AR_WORKTREE/model.ckpt" data/val.txt' \
	    -p protected.txt -b "$budget" -k $((budget * 4 + 60))
fi
# A budget in seconds measures the machine, too.
if read -r load _ 2>/dev/null </proc/loadavg &&
    [ "${load%.*}" -gt "$(nproc)" ]; then
	say "this machine is busy (load $load): results will differ by chance"
fi
say "$n experiments of $budget s each; Ctrl-C stops, the same command goes on"
go ar-loop -v -t $tag -n "$n" -a ar-propose

echo
ar-log -t $tag | awk -F '\t' '{
	if (length($5) > 50) $5 = substr($5, 1, 48) ".."
	printf "%-8s %-10s %-8s %s\n", $1, $2, $4, $5 }'
echo
ar-plot -t $tag || say "no plot"
for f in progress.svg progress.png; do
	ar-plot -t $tag -o $f || say "no $f"
done
cat <<END

The study is a git repository of its own: $dir
  the best version     git -C $dir log --oneline autoresearch/$tag
  its settings         git -C $dir show autoresearch/$tag:train.conf
  pictures             $dir/progress.svg and progress.png
  logs of each run     $dir/.git/ar/$tag/log/
  guidance for agents  $dir/.git/ar/$tag/notes.md and $dir/program.md

To go on, with the tools on your PATH:
  PATH=$bin:\$PATH; cd $dir
  ar-status -t $tag
  ar-loop -t $tag -n 20 -a ar-propose
  ar-loop -t $tag -n 20 -a 'some-agent -p "\$(cat program.md)"'
END
