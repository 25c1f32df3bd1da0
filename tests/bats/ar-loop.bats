#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-loop: prints its operands" {
	run -0 --separate-stderr ar-loop a b
	same "$(printf 'a\nb')"
}
