#!/usr/bin/env bash
# Makes test/codec/fixtures anew: small files of every coding and container, and what ffmpeg (libopus for Opus) decodes
# them to, every 31st value as float32. Needs Debian's ffmpeg, flac, lame, vorbis-tools, opus-tools, mkvtoolnix.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node --import tsx write-signal.ts "$work"
rm -rf fixtures
mkdir fixtures
cd "$work"
encode() { ffmpeg -v error -y -fflags +bitexact -i "$1.wav" -flags +bitexact "${@:2}"; }

flac -s stereo.wav -o stereo.flac
cat stereo.wav | flac -s - -o unknown-length.flac
flac -s --force wide24.wav -o wide24.flac
flac -s -l 4 wide32.wav -o wide32.flac
flac -s --channel-map=none eight.wav -o eight.flac
flac -s -b 16 --lax mono.wav --until=3000 -o blocks16.flac
flac -s --ogg stereo.wav -o flac.oga
encode stereo -c:a flac flac.mka
encode stereo -c:a flac -strict -2 flac.mp4
encode wide24 -c:a pcm_s24le pcm24.mov
encode wide24 -c:a pcm_s24be pcm24.mka
encode stereo -c:a alac alac.m4a
encode stereo -c:a alac alac.caf
lame --quiet -b 64 mono.wav lame.mp3
lame --quiet -V 6 mono.wav vbr.mp3
lame --quiet -t -b 40 stereo.wav noinfo.mp3
lame --quiet -p -b 64 mono.wav crc.mp3
encode mono48 -c:a mp2 -b:a 64k layer2.mp2
encode mono -c:a mp3 -b:a 40k mp3.mka
encode mono -c:a mp3 -b:a 40k mp3.mp4
oggenc -Q -q 6 -s 1 long.wav -o vorbis.ogg
oggenc -Q -q 0 -s 2 mono.wav -o vorbis-mono.ogg
encode six -c:a libvorbis -q:a 0 -page_duration 20000 six.ogg
encode eight -c:a libvorbis -q:a 0 -page_duration 20000 eight.ogg
encode stereo -c:a libvorbis -q:a 0 vorbis.webm
opusenc --quiet --serial 3 --bitrate 24 stereo.wav opus.opus
opusenc --quiet --serial 4 --bitrate 16 stereo.wav opus-more.opus
encode mono48 -c:a libopus -b:a 24k opus.webm
encode mono48 -c:a libopus -b:a 24k opus.mp4
encode six -c:a libopus -b:a 96k six.opus
encode mono -c:a aac -b:a 48k aac.m4a
encode mono -c:a aac -b:a 48k aac.aac
encode mono -c:a aac -b:a 48k -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 200000 fragments.m4a
mkvmerge -q --deterministic 5 -o aac.mka aac.aac
encode six -c:a aac -b:a 96k six.m4a
cat opus.opus opus-more.opus >chained.opus

for file in *; do
  case $file in
    *.wav) continue ;;
  esac
  cp "$file" "$OLDPWD/fixtures/"
  decoder=()
  [[ $(ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "$file") == opus* ]] && decoder=(-c:a libopus)
  [[ $file == *.mp2 ]] && decoder=(-c:a mp2float) # the other decoder of ffmpeg has 16 bits
  case $file in
    # Lossless ones need no record, six channels of AAC are refused; ffmpeg 5 cuts a Vorbis
    # stream of one page wrongly, and goes on with one decoder in chained Opus.
    *.flac | *.oga | flac.* | alac.* | pcm24.* | six.m4a | vorbis-mono.ogg | chained.opus) continue ;;
  esac
  ffmpeg -v error "${decoder[@]}" -i "$file" -map 0:a:0 -f f32le -c:a pcm_f32le "$file.raw"
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const raw = readFileSync(process.argv[1]);
    const every = Buffer.alloc(4 * Math.ceil(raw.length / 124));
    for (let i = 0; 124 * i < raw.length; i++) raw.copy(every, 4 * i, 124 * i, 124 * i + 4);
    writeFileSync(process.argv[2], every);
    console.log(process.argv[1], raw.length / 4, "values");
  ' "$file.raw" "$OLDPWD/fixtures/$file.f32"
done
