//! libopus through its multistream face, which one and two channels are cases of.

use unsafe_libopus::{
    opus_multistream_decode_float, opus_multistream_decoder_create, opus_multistream_decoder_destroy, OpusMSDecoder,
};

use crate::decoder::Failure;

/// 120 ms at 48 kHz: no packet holds more.
const MOST_FRAMES: usize = 5760;

pub struct Opus {
    handle: *mut OpusMSDecoder,
    channels: usize,
    /// Streams, coupled streams, and for each channel where it comes from (RFC 7845, section 5.1.1).
    layout: Vec<u8>,
    gain: f32,
    buffer: Vec<f32>,
}

impl Opus {
    pub fn open(channels: u32, setup: &[u8]) -> Result<Opus, Failure> {
        let channels = channels as usize;
        if setup.len() < 6 + channels {
            return Err(Failure::damaged("the Opus header is too short"));
        }
        let (gain, layout) = setup.split_at(4);
        let gain = f32::from_le_bytes([gain[0], gain[1], gain[2], gain[3]]);
        let handle = create(channels, layout)?;
        Ok(Opus { handle, channels, layout: layout.to_vec(), gain, buffer: vec![0.0; MOST_FRAMES * channels] })
    }

    pub fn decode(&mut self, packet: &[u8], planes: &mut [Vec<f32>]) -> Result<usize, Failure> {
        let frames = unsafe {
            opus_multistream_decode_float(
                self.handle,
                packet.as_ptr(),
                packet.len() as i32,
                self.buffer.as_mut_ptr(),
                MOST_FRAMES as i32,
                0,
            )
        };
        if frames < 0 {
            return Err(Failure::damaged("an invalid Opus packet"));
        }
        let frames = frames as usize;
        let samples = &self.buffer[..frames * self.channels];
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend(samples.iter().skip(channel).step_by(self.channels).map(|sample| sample * self.gain));
        }
        Ok(frames)
    }

    /// A new decoder is what the library's own reset would make of this one.
    pub fn reset(&mut self) {
        if let Ok(handle) = create(self.channels, &self.layout) {
            unsafe { opus_multistream_decoder_destroy(self.handle) };
            self.handle = handle;
        }
    }
}

impl Drop for Opus {
    fn drop(&mut self) {
        unsafe { opus_multistream_decoder_destroy(self.handle) };
    }
}

fn create(channels: usize, layout: &[u8]) -> Result<*mut OpusMSDecoder, Failure> {
    let mut error = 0;
    let handle = unsafe {
        opus_multistream_decoder_create(
            48_000,
            channels as i32,
            i32::from(layout[0]),
            i32::from(layout[1]),
            layout[2..].as_ptr(),
            &mut error,
        )
    };
    if error != 0 || handle.is_null() {
        return Err(Failure::damaged("the Opus header asks for streams that cannot be"));
    }
    Ok(handle)
}
