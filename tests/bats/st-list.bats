#!/usr/bin/env bats
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "st-list: kinds, lengths and paths" {
	tensor t '[4]' abc
	mkdir -p t/storage/1 t/storage/2
	ln -s ../0/data t/storage/1/data
	ln -s ../9/data t/storage/2/data
	run -0 --separate-stderr st-list t
	same "$(printf '%s\t' tensor index coords bytes coeff kind)path
$(printf '%s\t' t 0 0 3 1 file)t/storage/0/data
$(printf '%s\t' t 1 1 3 1 link)t/storage/1/data
$(printf '%s\t' t 2 2 '' 0 dangling)t/storage/2/data
$(printf '%s\t' t 3 3 '' 0 none)t/storage/3/data"
	run -0 bash -c 'st-list -mN t | cut -f 2'
	same $'2\n3'
	run -0 bash -c 'st-list -pj t | jq -c .bytes,.kind'
	same $'3\n"file"\n3\n"link"'
}
