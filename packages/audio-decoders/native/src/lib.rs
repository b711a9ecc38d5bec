//! What the host calls. One instance of the module decodes one sound: its state is one decoder, one buffer of bytes that
//! the host fills (`input`), and one plane of samples a channel that `decode` appends to and the host reads.
//!
//! There is no import: the host reads files and takes containers apart, this crate turns packets into samples. A panic
//! is a trap; the host throws the instance away then. Numbers below zero are errors (`Failure`), `message` says which.

mod checksums;
mod decoder;
mod flac_frames;
mod opus;

use decoder::{Decoder, Failure};
use flac_frames::{FlacFrame, FlacShape};

/// No packet, no page of headers and no stretch of a FLAC stream that is looked at in one piece is larger than this.
const MOST_INPUT: usize = 32 << 20;

struct State {
    input: Vec<u8>,
    setup: Vec<u8>,
    planes: Vec<Vec<f32>>,
    decoder: Option<Decoder>,
    message: String,
    shape: FlacShape,
    found: FlacFrame,
    /// Where the last frame lies that `flac_find` has verified, so that `decode` need not do it again.
    verified: (usize, usize),
}

static mut STATE: State = State {
    input: Vec::new(),
    setup: Vec::new(),
    planes: Vec::new(),
    decoder: None,
    message: String::new(),
    shape: FlacShape::ANY,
    found: FlacFrame::NONE,
    verified: (0, 0),
};

/// WebAssembly without threads: nobody else can be here at the same time.
fn state() -> &'static mut State {
    unsafe { &mut *(&raw mut STATE) }
}

fn fail(state: &mut State, failure: Failure) -> i32 {
    state.message.clear();
    state.message.push_str(&failure.message);
    failure.code
}

/// Makes room for `length` bytes and says where; what was there stays. 0 when that is too much.
#[no_mangle]
pub extern "C" fn input(length: usize) -> *mut u8 {
    let state = state();
    if length > MOST_INPUT {
        return std::ptr::null_mut();
    }
    if state.input.len() < length {
        state.input.resize(length, 0);
    }
    state.verified = (0, 0);
    state.input.as_mut_ptr()
}

/// Makes room for the `length` bytes that `open` needs, apart from the input, in which packets may wait.
#[no_mangle]
pub extern "C" fn setup(length: usize) -> *mut u8 {
    let state = state();
    if length > MOST_INPUT {
        return std::ptr::null_mut();
    }
    state.setup.clear();
    state.setup.resize(length, 0);
    state.setup.as_mut_ptr()
}

/// Opens a decoder with what stands in the setup. 0, or an error below zero.
#[no_mangle]
pub extern "C" fn open(codec: u32, rate: u32, channels: u32, verify: bool) -> i32 {
    let state = state();
    state.decoder = None;
    state.shape = FlacShape::ANY;
    if codec == decoder::FLAC {
        state.shape = FlacShape::of(&state.setup);
    }
    match Decoder::open(codec, rate, channels, &state.setup, verify) {
        Ok(decoder) => {
            // In chained streams, what the last decoder left is still to be read.
            state.planes.resize_with(channels as usize, Vec::new);
            state.decoder = Some(decoder);
            0
        }
        Err(failure) => fail(state, failure),
    }
}

/// Decodes the packet that lies at `at` in the input, and appends to the planes. Samples a channel, or an error.
#[no_mangle]
pub extern "C" fn decode(at: usize, length: usize) -> i32 {
    let state = state();
    let packet = &state.input[at..at + length];
    let Some(decoder) = state.decoder.as_mut() else { return -1 };
    let checked = state.verified == (at, length);
    match decoder.decode(packet, checked, &mut state.planes) {
        Ok(frames) => frames as i32,
        Err(failure) => fail(state, failure),
    }
}

/// Forgets what earlier packets left behind: the next one stands at another place of the sound.
#[no_mangle]
pub extern "C" fn reset() {
    if let Some(decoder) = state().decoder.as_mut() {
        decoder.reset();
    }
}

/// Where the noise of AAC stands, and setting it there again: see `Decoder::noise`.
#[no_mangle]
pub extern "C" fn noise() -> u32 {
    state().decoder.as_ref().map_or(0, Decoder::noise)
}

#[no_mangle]
pub extern "C" fn set_noise(to: u32) {
    if let Some(decoder) = state().decoder.as_mut() {
        decoder.set_noise(to);
    }
}

/// Empties the planes.
#[no_mangle]
pub extern "C" fn clear() {
    for plane in &mut state().planes {
        plane.clear();
    }
}

/// Where the samples of a channel lie.
#[no_mangle]
pub extern "C" fn plane(channel: usize) -> *const f32 {
    state().planes[channel].as_ptr()
}

/// Whether the MD5 of all that was decoded is the one of STREAMINFO: 1, 0 (it is not), or -1 where there is none.
#[no_mangle]
pub extern "C" fn verified() -> i32 {
    state().decoder.as_mut().map_or(-1, Decoder::verified)
}

/// Looks for a whole, checked FLAC frame in the input from `from` to `to`; `last` when nothing follows in the file.
/// 1 when there is one (see `flac_frame`), 0 when not, 2 when more bytes are needed to tell (and its
/// offset is where to go on), 3 when it gave up.
#[no_mangle]
pub extern "C" fn flac_find(from: usize, to: usize, last: bool) -> i32 {
    let state = state();
    let bytes = &state.input[..to];
    let decoder = &mut state.decoder;
    // Where no frame follows, only decoding tells where one ends.
    let decodes = |frame: &[u8]| decoder.as_mut().is_some_and(|decoder| decoder.decodes(frame));
    match flac_frames::find(&state.shape, bytes, from, last, decodes) {
        flac_frames::Search::Found(frame) => {
            state.verified = (frame.at as usize, frame.size as usize);
            state.found = frame;
            1
        }
        flac_frames::Search::Nothing => 0,
        flac_frames::Search::MoreNeeded(at) => {
            state.found.at = at as u32;
            2
        }
        flac_frames::Search::GaveUp => 3,
    }
}

/// The frame found last, as 32-bit numbers in the order of the structure.
#[no_mangle]
pub extern "C" fn flac_frame() -> *const FlacFrame {
    &state().found
}

#[no_mangle]
pub extern "C" fn message() -> *const u8 {
    state().message.as_ptr()
}

#[no_mangle]
pub extern "C" fn message_length() -> usize {
    state().message.len()
}
