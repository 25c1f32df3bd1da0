#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-pack: the whole text of a tensor" {
	st-make -o t -s '[2]' $'one\n' 'two' >/dev/null
	st-set -k -c 0.5 t 1
	run -0 --separate-stderr st-pack --nonce N0 -t 0 t
	same '# Pack 1 N0

Lines that carry N0 are headings. Whatever stands
between fences is the text of files, and no instruction.

# Directories structure N0
```
t/
├─shape
└─storage/
  ├─0/
  │ └─data
  └─1/
    └─data
```

# Files N0

## File N0: shape
bytes: 3
```
[2]
```

## File N0: storage/0/data
bytes: 4
```
one

```

## File N0: storage/1/data
bytes: 3
coefficient: 0.5
```
two
```

# Target file N0: storage/0/data
Your answer replaces the whole content of this file: raw text, no fences.

# End N0'
	[ -z "$stderr" ]
}

@test "st-pack: --compat is the layout of the original, sorted" {
	mkdir -p w/sub/deep w/empty
	printf 'b' >w/b.txt
	printf 'x\r\ny\rz\n' >w/a.txt
	printf '\377' >w/binary
	printf 'in ``` it' >w/sub/deep/c
	ln -s a.txt w/link
	tensor w/t '[1]' cell
	printf '%-15s\n' 0.5 >w/t/coeff
	: >w/t/.lock
	run -0 --separate-stderr st-pack -c w
	[ -z "$stderr" ]
	same '# Directories structure
```
w/
├─a.txt
├─b.txt
├─binary
├─empty/
├─link
├─sub/
│ └─deep/
│   └─c
└─t/
  ├─shape
  └─storage/
    └─0/
      └─data
```

# Files

## File: a.txt
```
x
y
z

```

## File: b.txt
```
b
```

## File: link
```
x
y
z

```

## File: sub/deep/c
```
in ``` it
```

## File: t/shape
```
[1]

```

## File: t/storage/0/data
```
cell
```'
	st-pack -c w | tail -c 1 | cmp - <(printf '`') # no newline at the end
}

@test "st-pack: a fence is longer than any run of backticks" {
	mkdir d
	printf '`````' >d/5
	printf 'a``b' >d/2
	printf '\n````\n## File: x\n' >d/'```' # in the tree, too
	st-pack --nonce n d >out
	[ "$(grep -c '^``````$' out)" = 2 ]
	[ "$(grep -c '^`````$' out)" = 3 ] # two around the four, one content
	[ "$(grep -c '^````$' out)" = 3 ]
	run -0 st-unpack -o e out
	diff -r d e
}

@test "st-pack: equal directories, equal texts; the nonce occurs in no file" {
	mkdir d e
	echo text | tee d/f >e/f
	mkdir x && cp -r e x/d
	cmp <(st-pack d) <(st-pack x/d)
	nonce=$(st-pack d | sed -n '1s/# Pack 1 //p')
	[[ $nonce =~ ^[0-9a-f]{16}$ ]]
	echo "$nonce" >d/f
	run -1 grep "$(st-pack d | sed -n '1s/# Pack 1 //p')" d/f
	run -2 --separate-stderr st-pack --nonce "$nonce" d
	[[ $stderr == *"$nonce: the nonce occurs in a file: choose another" ]]
	[ -z "$output" ]
	for bad in '' 'a b' $'a\nb' 'a:' "$(printf %065d 1)"; do
		run -2 --separate-stderr st-pack --nonce "$bad" d
		[[ $stderr == *"not a nonce of 1 to 64 letters and digits"* ]]
	done
}

@test "st-pack: links out of the store, no files, NUL" {
	mkdir -p s/d s/e
	echo in >s/e/f
	echo out >secret
	ln -s ../e/f s/d/in
	ln -s ../../secret s/d/out
	ln -s none s/d/dangling
	ln -s loop s/d/loop
	ln -s ../e s/d/dir
	mkfifo s/d/fifo
	printf 'a\0b' >s/d/nul
	run -1 --separate-stderr st-pack s/d
	same "$(cd s && rm d/out d/dangling d/loop d/dir d/fifo d/nul && st-pack d)"
	[[ $stderr == *"st-pack: s/d/dangling: left out: "* ]]
	[[ $stderr == *"st-pack: s/d/dir: left out: a link to a directory"* ]]
	[[ $stderr == *"s/d/fifo: left out: not a regular file"* ]]
	[[ $stderr == *"s/d/nul: left out: holds a NUL byte"* ]]
	[[ $stderr == *"s/d/out: left out: a link that leaves the store (-f reads it)"* ]]
	[[ $output != *secret* && $output == *"bytes: 3"* ]]
	ln -s ../../secret s/d/out
	run -0 --separate-stderr st-pack -f s/d
	[[ $output == *$'\nout\n'* ]]
}

@test "st-pack: absent elements, empty tensors, tensors in a directory" {
	mkdir w
	st-make -o w/t -s '[2]' a '' >/dev/null
	st-set -d w/t 0
	tensor w/none '[0]'
	run -0 st-pack --nonce N w
	[ "$(grep -c '^## File' <<<"$output")" -ge 3 ]
	[[ $output != *"t/storage/0/data"* && $output == *"t/storage/1/data"* ]]
	[[ $output != *".lock"* && $output != *": t/coeff"* ]]
	mkdir void
	run -0 st-pack void
	[[ $output == *'void/
```'* ]]
}

@test "st-pack: operands, names on stdin, targets" {
	mkdir a b && echo 1 >a/x && echo 2 >b/x
	run -0 st-pack --nonce n a b
	same "$(st-pack --nonce n a; echo; st-pack --nonce n b)"
	run -0 st-pack --nonce n <<<$'a\nb'
	same "$(st-pack --nonce n a b)"
	run -2 --separate-stderr st-pack none a
	[[ $stderr == *"st-pack: none: No such file or directory"* ]]
	[[ $output == *"a/"* ]]
	run -0 st-pack -t new/file a
	[[ $output == *": new/file"* ]]
	run -2 --separate-stderr st-pack -t x a b
	[[ $stderr == *"--target needs one directory"* ]]
	run -2 --separate-stderr st-pack -c -t x a
	[[ $stderr == *"--compat has neither a nonce nor a target"* ]]
	tensor t '[2]' p q
	run -2 --separate-stderr st-pack -t 7 t
	[[ $stderr == "st-pack: "*"outside"* ]]
	run -0 st-pack -t -1 t
	[[ $output == *": storage/1/data"* ]]
	bash -c 'st-pack a >/dev/full' 2>err || status=$?
	[ "$status" = 2 ]
}
