#!/usr/bin/env bats
# The examples print what they say. (examples/autoresearch: demo.bats)
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "examples: tensors" {
	run -0 --separate-stderr "$ROOT/examples/tensors/run.sh"
	[ -z "$stderr" ]
	diff -u "$ROOT/examples/tensors/expected" <(printf '%s\n' "$output")
	run -0 "$ROOT/examples/tensors/run.sh" d
	[ -e d/exp/shape ]
	run -2 "$ROOT/examples/tensors/run.sh" d e
	run ! "$ROOT/examples/tensors/run.sh" d # it exists
}
