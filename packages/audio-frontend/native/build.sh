#!/usr/bin/env bash
# Builds the kernel and writes it, as base64, to src/kernel-bytes.ts. With --check it writes nothing and compares: exit code
# 1 when they differ, 3 where the compiler is missing. Debian: apt install clang lld
set -euo pipefail
cd "$(dirname "$0")"
target=../src/kernel-bytes.ts
most=25000
version=14 # other versions of clang build other bytes

found=$(clang -dumpversion 2>/dev/null || true)
if [ -z "$found" ] || ! command -v wasm-ld >/dev/null; then
  echo "audio-frontend/native: expected clang $version and wasm-ld, got ${found:-neither}; apt install clang lld" >&2
  exit 3
fi
if [ "${found%%.*}" != "$version" ] && [ "${1:-}" = --check ]; then
  echo "audio-frontend/native: clang $version builds the committed bytes, this one is $found" >&2
  exit 3
fi

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
clang --target=wasm32 -O3 -msimd128 -ffreestanding -nostdlib -Wall -Wextra -Werror \
  -Wl,--no-entry -Wl,--strip-all -Wl,--export=__heap_base -Wl,-z,stack-size=16384 \
  -o "$folder/kernel.wasm" fft.c log-mel.c mix.c resample.c
size=$(stat -c %s "$folder/kernel.wasm")
if [ "$size" -gt $most ]; then
  echo "audio-frontend/native: the kernel has $size bytes, more than $most" >&2
  exit 1
fi
cat >"$folder/kernel-bytes.ts" <<TS
/** The WebAssembly module of native/, as base64: written by native/build.sh. */
export const KERNEL_BYTES =
  '$(base64 -w 0 "$folder/kernel.wasm")';
TS

if [ "${1:-}" = --check ]; then
  cmp "$folder/kernel-bytes.ts" $target || {
    echo "audio-frontend/native: src/kernel-bytes.ts is not what native/ builds; run native/build.sh" >&2
    exit 1
  }
else
  cp "$folder/kernel-bytes.ts" $target
  echo "src/kernel-bytes.ts: $size bytes of WebAssembly"
fi
