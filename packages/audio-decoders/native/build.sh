#!/usr/bin/env bash
# Builds ../wasm/decoders.wasm. `--check` builds it elsewhere and compares instead: exit status 1 when they differ, 3 where
# the toolchain that builds the committed bytes is missing.
# Needs Debian's rustc-web, cargo-web, rust-web-src and lld (the toolchain of rustup here has no target for
# WebAssembly); crates come from the registry of cargo, by the versions and checksums in Cargo.lock.
set -euo pipefail
cd "$(dirname "$0")"
version=1.96.0 # other versions of rustc build other bytes

found=$(/usr/bin/rustc --version 2>/dev/null || true)
if [ -z "$found" ] || ! [ -x /usr/bin/cargo ] || ! [ -x /usr/bin/wasm-ld ] || ! command -v patch >/dev/null; then
  echo "audio-decoders/native: expected rustc $version, cargo, wasm-ld and patch, got ${found:-no rustc}; apt install rustc-web cargo-web rust-web-src lld patch" >&2
  exit 3
fi
if [ "${1:-}" = --check ] && [[ $found != *" $version "* ]]; then
  echo "audio-decoders/native: rustc $version builds the committed bytes, this one is $found" >&2
  exit 3
fi

# The same bytes wherever it is built: no path of this machine may stand in them, nor what a user set for cargo.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-$PWD/target}
sources=$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$target CARGO_INCREMENTAL=0
export RUSTFLAGS="-Ctarget-feature=+simd128 -Clinker=/usr/bin/wasm-ld -Clink-arg=--max-memory=134217728 \
--remap-path-prefix=$PWD=/native --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sources=/rust"
unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS

./patch.sh
/usr/bin/cargo build --quiet --release --locked -Zbuild-std=std,panic_abort --target wasm32-unknown-unknown
built=$target/wasm32-unknown-unknown/release/audio_ssl_decoders.wasm
committed=../wasm/decoders.wasm

if [[ ${1:-} == --check ]]; then
  if cmp --silent "$built" "$committed"; then
    echo "decoders.wasm: $(wc -c <"$committed") bytes, the same as committed"
  else
    echo "decoders.wasm: the committed file is not what the sources build:" >&2
    echo "  committed $(wc -c <"$committed") bytes, sha256 $(sha256sum <"$committed" | cut -c1-16)" >&2
    echo "  built     $(wc -c <"$built") bytes, sha256 $(sha256sum <"$built" | cut -c1-16), $(cmp -l "$built" "$committed" 2>/dev/null | wc -l) bytes differ, by $(/usr/bin/rustc --version)" >&2
    echo "run packages/audio-decoders/native/build.sh and commit the result" >&2
    exit 1
  fi
else
  mkdir -p ../wasm
  install -m 644 "$built" "$committed"
  echo "decoders.wasm: $(wc -c <"$committed") bytes, $(gzip -9 -c "$committed" | wc -c) compressed"
fi
