//! One decoder behind one face, whichever library it comes from.

use symphonia_bundle_flac::FlacDecoder;
use symphonia_bundle_mp3::MpaDecoder;
use symphonia_codec_aac::AacDecoder;
use symphonia_codec_alac::AlacDecoder;
use symphonia_codec_vorbis::VorbisDecoder;
use symphonia_core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};
use symphonia_core::codecs::audio::well_known::*;
use symphonia_core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia_core::errors::Error;
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use crate::checksums::crc16;
use crate::opus::Opus;

/// The number by which the host names FLAC; the others stand in `Decoder::open`.
pub const FLAC: u32 = 3;

/// What went wrong: -1 is a packet that cannot be decoded, -2 a coding that this module has no decoder for.
pub struct Failure {
    pub code: i32,
    pub message: String,
}

impl Failure {
    pub fn damaged(message: impl Into<String>) -> Failure {
        Failure { code: -1, message: message.into() }
    }
    pub fn unsupported(message: impl Into<String>) -> Failure {
        Failure { code: -2, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Unsupported(what) => Failure::unsupported(what),
            Error::DecodeError(what) => Failure::damaged(what),
            Error::IoError(_) => Failure::damaged("the packet is too short"),
            other => Failure::damaged(other.to_string()),
        }
    }
}

enum Library {
    Symphonia(Box<dyn AudioDecoder>),
    Aac(Box<AacDecoder>),
    Opus(Opus),
}

pub struct Decoder {
    library: Library,
    /// A frame carries checksums of its own.
    checked: bool,
    setup: Vec<u8>,
    trial: Option<FlacDecoder>,
}

impl Decoder {
    pub fn open(codec: u32, rate: u32, channels: u32, setup: &[u8], verify: bool) -> Result<Decoder, Failure> {
        let options = AudioDecoderOptions::default().verify(verify);
        let with = |id| parameters(id, rate, setup);
        let decoder: Box<dyn AudioDecoder> = match codec {
            0 => Box::new(MpaDecoder::try_new(&with(CODEC_ID_MP1), &options)?),
            1 => Box::new(MpaDecoder::try_new(&with(CODEC_ID_MP2), &options)?),
            2 => Box::new(MpaDecoder::try_new(&with(CODEC_ID_MP3), &options)?),
            FLAC => Box::new(FlacDecoder::try_new(&with(CODEC_ID_FLAC), &options)?),
            4 => Box::new(VorbisDecoder::try_new(&with(CODEC_ID_VORBIS), &options)?),
            5 => {
                let opus = Opus::open(channels, setup)?;
                return Ok(Decoder { library: Library::Opus(opus), checked: false, setup: Vec::new(), trial: None });
            }
            6 => {
                let aac = Box::new(AacDecoder::try_new(&with(CODEC_ID_AAC), &options)?);
                return Ok(Decoder { library: Library::Aac(aac), checked: false, setup: Vec::new(), trial: None });
            }
            7 => Box::new(AlacDecoder::try_new(&with(CODEC_ID_ALAC), &options)?),
            _ => return Err(Failure::unsupported("no such decoder")),
        };
        Ok(Decoder { library: Library::Symphonia(decoder), checked: codec == FLAC, setup: setup.to_vec(), trial: None })
    }

    /// Appends the samples of a packet to the planes and returns how many there are a channel. On an error the planes are
    /// as before. `verified`: the checksum of the packet was looked at already.
    pub fn decode(&mut self, packet: &[u8], verified: bool, planes: &mut [Vec<f32>]) -> Result<usize, Failure> {
        if self.checked && !verified && crc16(0, packet) != 0 {
            return Err(Failure::damaged("a frame fails its checksum"));
        }
        match &mut self.library {
            Library::Opus(opus) => only_sane(opus.decode(packet, planes)?, planes),
            Library::Aac(decoder) => append_any(decoder.decode_ref(&whole(packet))?, planes),
            Library::Symphonia(decoder) => append_any(decoder.decode_ref(&whole(packet))?, planes),
        }
    }

    /// Whether a FLAC frame, without its checksum, decodes. By a decoder of its own, for the other one may be summing up
    /// what it decodes.
    pub fn decodes(&mut self, frame: &[u8]) -> bool {
        if self.trial.is_none() {
            self.trial = FlacDecoder::try_new(&parameters(CODEC_ID_FLAC, 0, &self.setup), &Default::default()).ok();
        }
        self.trial.as_mut().is_some_and(|decoder| decoder.decode_ref(&whole(frame)).is_ok())
    }

    pub fn reset(&mut self) {
        match &mut self.library {
            Library::Aac(decoder) => decoder.reset(),
            Library::Symphonia(decoder) => decoder.reset(),
            Library::Opus(opus) => opus.reset(),
        }
    }

    /// The generator of noise that AAC fills bands with: its state is the one thing that reaches from packet to packet
    /// without an end.
    pub fn noise(&self) -> u32 {
        match &self.library {
            Library::Aac(decoder) => decoder.noise(),
            _ => 0,
        }
    }

    pub fn set_noise(&mut self, state: u32) {
        if let Library::Aac(decoder) = &mut self.library {
            decoder.set_noise(state);
        }
    }

    pub fn verified(&mut self) -> i32 {
        match &mut self.library {
            Library::Symphonia(decoder) => decoder.finalize().verify_ok.map_or(-1, i32::from),
            _ => -1,
        }
    }
}

fn parameters(codec: AudioCodecId, rate: u32, setup: &[u8]) -> AudioCodecParameters {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(codec).with_sample_rate(rate);
    if !setup.is_empty() {
        parameters.with_extra_data(setup.into());
    }
    parameters
}

fn whole(data: &[u8]) -> PacketRef<'_> {
    PacketRef::new(0, Timestamp::new(0), Duration::ZERO, data)
}

fn append_any(buffer: GenericAudioBufferRef<'_>, planes: &mut [Vec<f32>]) -> Result<usize, Failure> {
    match buffer {
        GenericAudioBufferRef::F32(buffer) => only_sane(append(buffer, planes, |sample: f32| sample)?, planes),
        // Integers of fewer bits stand at the upper end, so the scale is the same for all of them.
        GenericAudioBufferRef::S32(buffer) => {
            append(buffer, planes, |sample: i32| sample as f32 * (1.0 / 2_147_483_648.0))
        }
        _ => Err(Failure::unsupported("samples of another kind")),
    }
}

fn append<S: symphonia_core::audio::sample::Sample>(
    buffer: &AudioBuffer<S>,
    planes: &mut [Vec<f32>],
    scale: impl Fn(S) -> f32,
) -> Result<usize, Failure> {
    if buffer.num_planes() != planes.len() {
        return Err(Failure::damaged("the number of channels changes"));
    }
    for (channel, plane) in planes.iter_mut().enumerate() {
        if let Some(samples) = buffer.plane(channel) {
            plane.extend(samples.iter().map(|&sample| scale(sample)));
        }
    }
    Ok(buffer.frames())
}

/// Samples of a lossy coding may go beyond full scale (1), but not so far; `check-samples.ts` holds PCM to the same.
const LARGEST: f32 = 1e4;

/// Takes back samples that are no numbers or absurd, which damaged packets of a lossy coding can decode to.
fn only_sane(frames: usize, planes: &mut [Vec<f32>]) -> Result<usize, Failure> {
    // Without an early end the loop compares four samples at a time; NaN fails every comparison.
    let sane = |samples: &[f32]| samples.iter().fold(true, |so_far, x| so_far & (x.abs() <= LARGEST));
    if planes.iter().all(|plane| sane(&plane[plane.len() - frames..])) {
        return Ok(frames);
    }
    for plane in planes {
        plane.truncate(plane.len() - frames);
    }
    Err(Failure::damaged("a packet decodes to what is no number, or far beyond full scale"))
}
