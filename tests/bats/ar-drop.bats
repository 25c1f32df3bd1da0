#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-drop: prints its operands" {
	run -0 --separate-stderr ar-drop a b
	same "$(printf 'a\nb')"
}
