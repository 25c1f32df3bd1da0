#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-run: prints its operands" {
	run -0 --separate-stderr ar-run a b
	same "$(printf 'a\nb')"
}
