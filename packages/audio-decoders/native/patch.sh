#!/usr/bin/env bash
# Lays the crates that are changed here into patched/: the sources of the registry with patches/<crate>.patch.
set -euo pipefail
cd "$(dirname "$0")"

version=0.6.1
cargo_home=${CARGO_HOME:-$HOME/.cargo}
crates=$(basename -s .patch patches/*.patch)

find_source() {
  find "$cargo_home/registry/src" -maxdepth 2 -type d -name "$1-$version" 2>/dev/null | head -n 1
}

# cargo cannot fetch for this crate while the patched ones are missing, so a crate without patches asks for them.
for crate in $crates; do
  [[ -n $(find_source "$crate") ]] && continue
  fetching=$(mktemp -d)
  mkdir "$fetching/src"
  touch "$fetching/src/lib.rs"
  printf '[package]\nname = "fetching"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s = "=%s"\n' "$crate" "$version" >"$fetching/Cargo.toml"
  RUSTC=/usr/bin/rustc /usr/bin/cargo fetch --quiet --manifest-path "$fetching/Cargo.toml"
  rm -rf "$fetching"
done

rm -rf patched
mkdir patched
for crate in $crates; do
  cp -r "$(find_source "$crate")" "patched/$crate"
  patch --quiet --strip=1 --directory="patched/$crate" <"patches/$crate.patch"
done
