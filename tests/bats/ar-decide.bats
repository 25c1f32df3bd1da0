#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "ar-decide: prints its operands" {
	run -0 --separate-stderr ar-decide a b
	same "$(printf 'a\nb')"
}
