#!/usr/bin/env bats
# --device of the tools that compute: the emulator, and both drivers through a
# library that pretends to be them (tests/gpu/fake.c).
load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || exit
	fake=$BATS_FILE_TMPDIR/fake
	mkdir fake none
	(cd "$BATS_TEST_DIRNAME/../.." && ${CC:-cc} -std=c11 -O1 -shared -fPIC \
	    -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -Ikernels -Wl,-Bsymbolic \
	    -o "$fake/libcuda.so.1" tests/gpu/fake.c kernels/emu.c \
	    kernels/emukern.c -lm)
	${CC:-cc} -shared -o none/libcuda.so.1 -x c /dev/null
	for lib in libamdhip64.so.7 libhiprtc.so.7 libnvrtc.so.13 \
	    libcublas.so.13 libhipblas.so.3; do
		ln -s libcuda.so.1 "fake/$lib"
		ln -s libcuda.so.1 "none/$lib"
	done
	seq 2000 | sed 's/.*/the number & is a number; &/' >text
	seq 9001 9014 >"val"
	ffn-train "${tiny[@]}" -o cpu text
}

# Small enough for the emulator; a batch that is no multiple of anything.
tiny=(-n 4 --batch 37 --model 12 --hidden 20 --layers 1 --context 30 --segment 9
    --bits 8 --counts-bits 10 --embed-by "2,3,word" --counts "3,word" --recent "1,2"
    --matches 8 --repeats 2 --precision fp32 --threads 1 --summary none)

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export FAKE_LOG=$BATS_TEST_TMPDIR/log
	cp "$BATS_FILE_TMPDIR"/{text,val,cpu} .
}

fake() {
	LD_LIBRARY_PATH=$BATS_FILE_TMPDIR/fake "$@"
}

# as_cpu FILE - a checkpoint with the losses of the one made on the CPU.
as_cpu() {
	local a b
	a=$(ffn-info "$1" | awk '$2 == "loss" { print $3 }')
	b=$(ffn-info cpu | awk '$2 == "loss" { print $3 }')
	awk -v a="$a" -v b="$b" \
	    'BEGIN { d = a / b - 1; exit !(b > 0 && d < 1e-5 && d > -1e-5) }' &&
	    a=$(bpb-eval --precision fp32 "$1" val | sed -n 's/^val_bpb: //p') &&
	    b=$(bpb-eval --precision fp32 cpu val | sed -n 's/^val_bpb: //p') &&
	    awk -v a="$a" -v b="$b" \
	        'BEGIN { d = a - b; exit !(b > 0 && d < 1e-5 && d > -1e-5) }'
}

@test "device: the emulator trains and measures as the CPU does" {
	run -0 --separate-stderr ffn-train "${tiny[@]}" --device emu \
	    --summary isis -o emu -v val text
	[ -z "$stderr" ]
	[ "${lines[3]}" = "device: emu: emulator (own)" ]
	as_cpu emu
	LU_DEVICE=emu run -0 bpb-eval --precision fp32 cpu val
	[ "${lines[8]}" = "device: emu: emulator (own)" ]
	on_emu=$(sed -n 's/^nats: //p' <<<"$output")
	ffn-sample -p "the num" -t 0 -n 9 cpu >want
	ffn-sample -p "the num" -t 0 -n 9 --device emu cpu | cmp - want
	run -0 bpb-eval --precision fp32 --device cpu cpu val
	[ "${lines[8]}" = "device: cpu" ]
	awk -v a="$on_emu" -v b="${lines[0]#nats: }" \
	    'BEGIN { d = a / b - 1; exit !(d < 1e-6 && d > -1e-6) }'
}

@test "device: other rules, shapes and ranks work there, too" {
	other=("${tiny[@]}" --norm post --act relu2 --opt muon --tied)
	for d in cpu emu; do
		ffn-train "${other[@]}" --device "$d" -o "$d" text
		ffn-train "${tiny[@]}" --opt sgd --lr 0.1 -n 2 --comm shm:2 \
		    --device "$d" -o "$d.2" text
	done
	as_cpu emu
	mv cpu.2 cpu
	as_cpu emu.2
}

@test "device: a run begun on the CPU goes on in the emulator" {
	cp cpu both
	ffn-train "${tiny[@]}" -n 2 --resume -o cpu text
	ffn-train "${tiny[@]}" -n 2 --resume --device emu -o both text
	as_cpu both
}

@test "device: cuda and hip, with the vendor's products and our own" {
	for d in cuda hip; do
		: >log
		fake run -0 --separate-stderr ffn-train "${tiny[@]}" --device $d \
		    --verbose -o $d text
		[[ $stderr == *"device $d: fake 0 (${d/cuda/cu}blas)"* ]]
		as_cpu $d
		! grep -q "emu" log
		[ "$(grep -c Sgemm log)" -gt 10 ]
		LU_GEMM=own fake run -0 bpb-eval --device $d cpu val
		[ "${lines[8]}" = "device: $d: fake 0 (own)" ]
	done
	LU_GEMM=tf32 fake run -0 bpb-eval --device cuda cpu val
	LU_GEMM=tf32 fake run -2 bpb-eval --device hip cpu val
	[ "$output" = "bpb-eval: hip: libhipblas has no tf32" ]
	LU_GEMM=fast run -2 fake bpb-eval --device hip cpu val
	[ "$output" = "bpb-eval: hip: LU_GEMM: fast is not one of auto|vendor|tf32|own" ]
}

@test "device: one that is absent is refused in a line that says why" {
	FAKE_DEVICES=0 fake run -2 bpb-eval --device cuda cpu val
	[ "$output" = "bpb-eval: cuda: no device: FAKE_NO_DEVICE" ]
	FAKE_DEVICES=0 fake run -2 ffn-train "${tiny[@]}" --device hip -o m text
	[ "$output" = "ffn-train: hip: no device: FAKE_NO_DEVICE" ]
	[ ! -e m ]
	LD_LIBRARY_PATH=$BATS_FILE_TMPDIR/none run -2 bpb-eval --device cuda cpu val
	[ "$output" = "bpb-eval: cuda: the library has no cuInit" ]
	LD_LIBRARY_PATH=$BATS_FILE_TMPDIR/none run -2 bpb-eval --device hip cpu val
	[ "$output" = "bpb-eval: hip: the library has no hipInit" ]
	LU_DEVICE=gpu run -2 bpb-eval cpu val
	[ "$output" = "bpb-eval: LU_DEVICE: gpu is not one of cpu|hip|cuda|emu|auto" ]
}

@test "device: auto takes hip, then cuda, then the CPU, and tells" {
	fake run -0 bpb-eval --device auto cpu val
	[ "${lines[8]}" = "device: hip: fake 0 (hipblas)" ]
	FAKE_FAIL=hipInit:1 fake run -0 bpb-eval --device auto cpu val
	[ "${lines[8]}" = "device: cuda: fake 0 (cublas)" ]
	FAKE_DEVICES=0 fake run -0 --separate-stderr ffn-train "${tiny[@]}" \
	    --device auto --verbose -o m text
	[[ $stderr == *"device cpu; hip: no device: FAKE_NO_DEVICE; cuda: no device: FAKE_NO_DEVICE"* ]]
}

@test "device: what goes wrong there ends the run, and nothing is lost" {
	cp cpu m
	while read -r call text; do
		FAKE_FAIL=$call fake run -2 ffn-train "${tiny[@]}" --device cuda \
		    --resume -o m text
		[[ $output == "ffn-train: "*"$text"* ]] || {
			echo "$call: $output" && return 1
		}
		cmp cpu m
	done <<-'END'
		cuDevicePrimaryCtxRetain:1 cuda: context: FAKE_FAILED
		nvrtcCompileProgram:1 cuda: the compiler says error 719: x: error: it is fake
		cuMemAlloc_v2:2 out of memory on the device: a model of
		cuMemAlloc_v2:4 out of memory
		cuModuleLoadData:1 cuda: the code does not load: FAKE_FAILED
		cuModuleGetFunction:3 cuda: no kernel k_sgd: FAKE_FAILED
		cuLaunchKernel:70 step 5: cuda: k_
		cublasSgemm_v2:20 step 5: cublas: error 719
		cuMemcpyDtoH_v2:3 step 4: cuda: get: FAKE_FAILED
	END
}

@test "device: code is compiled once, and again when its file is damaged" {
	fake bpb-eval --device cuda cpu val >first
	set -- cache/learnutils/kern-*.bin
	[ $# = 1 ]
	fake bpb-eval --device cuda cpu val | cmp - first
	[ "$(grep -c nvrtcCompile log)" = 1 ]
	for damage in "printf x >>$1" "truncate -s 70 $1" ": >$1"; do
		cp "$1" keep
		eval "$damage"
		fake bpb-eval --device cuda cpu val | cmp - first
		cmp "$1" keep
	done
	[ "$(grep -c nvrtcCompile log)" = 4 ]
	XDG_CACHE_HOME=/dev/null fake bpb-eval --device cuda cpu val | cmp - first
	[ "$(grep -c nvrtcCompile log)" = 5 ]
	printf 'compiled\0' >ahead
	LU_GPU_CODE=ahead fake bpb-eval --device cuda cpu val | cmp - first
	[ "$(grep -c nvrtcCompile log)" = 5 ]
	echo other >ahead
	LU_GPU_CODE=ahead fake run -2 bpb-eval --device cuda cpu val
	[ "$output" = "bpb-eval: cuda: the code does not load: FAKE_FAILED" ]
}
