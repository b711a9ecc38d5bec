//! Where the frames of a FLAC stream begin and end (RFC 9639, section 9). A frame says nowhere how long it is: it ends
//! where its checksum comes out and the next header, with a checksum of its own, begins.

use crate::checksums::{crc16, crc8};

/// Two bytes of sync, four of codes, seven of number, two of size, two of rate, a checksum... 16 with room to spare.
const MOST_HEADER: usize = 18;

/// The least that a frame takes: six bytes of header, a subframe of a byte and more, two of checksum.
const LEAST_FRAME: usize = 9;

/// What STREAMINFO says about every frame.
#[derive(Clone, Copy)]
pub struct FlacShape {
    rate: u32,
    channels: u32,
    bits: u32,
}

impl FlacShape {
    pub const ANY: FlacShape = FlacShape { rate: 0, channels: 0, bits: 0 };

    pub fn of(info: &[u8]) -> FlacShape {
        if info.len() < 18 {
            return FlacShape::ANY;
        }
        FlacShape {
            rate: u32::from(info[10]) << 12 | u32::from(info[11]) << 4 | u32::from(info[12]) >> 4,
            channels: (u32::from(info[12]) >> 1 & 7) + 1,
            bits: (u32::from(info[12]) & 1) << 4 | u32::from(info[13]) >> 4,
        }
        .with_whole_bits()
    }

    fn with_whole_bits(self) -> FlacShape {
        FlacShape { bits: self.bits + 1, ..self }
    }

    /// As STREAMINFO limits it: a sample takes at most its bits, one more for a difference, and a subframe some bytes.
    fn most_bytes(&self, frames: u32) -> usize {
        64 + (self.channels as usize) * (8 + (frames as usize * (self.bits as usize + 1)) / 8 * 9 / 8)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct FlacFrame {
    pub at: u32,
    pub size: u32,
    /// Samples a channel.
    pub frames: u32,
    /// Of the frame, or of its first sample where `by_sample`.
    pub number_low: u32,
    pub number_high: u32,
    pub by_sample: u32,
}

impl FlacFrame {
    pub const NONE: FlacFrame = FlacFrame { at: 0, size: 0, frames: 0, number_low: 0, number_high: 0, by_sample: 0 };
}

pub enum Search {
    Found(FlacFrame),
    Nothing,
    /// From where on to look once there is more.
    MoreNeeded(usize),
    /// So many false starts that it is no accident.
    GaveUp,
}

/// Bytes that may be looked at in vain for one frame: a stream made of headers alone would take hours.
const MOST_WORK: usize = 64 << 20;

/// The first whole frame that starts at `from` or later.
pub fn find(
    shape: &FlacShape,
    bytes: &[u8],
    from: usize,
    last: bool,
    mut decodes: impl FnMut(&[u8]) -> bool,
) -> Search {
    let mut at = from;
    let mut work = 0;
    loop {
        let Some(start) = next_sync(bytes, at) else {
            return if last { Search::Nothing } else { Search::MoreNeeded(bytes.len().saturating_sub(1).max(from)) };
        };
        if !last && start + MOST_HEADER > bytes.len() {
            return Search::MoreNeeded(start);
        }
        if let Some(mut frame) = read_header(shape, &bytes[start..]) {
            match find_end(shape, &bytes[start..], &frame, last, &mut decodes) {
                End::At(size) => {
                    frame.at = start as u32;
                    frame.size = size as u32;
                    return Search::Found(frame);
                }
                End::MoreNeeded => return Search::MoreNeeded(start),
                End::Nowhere => work += shape.most_bytes(frame.frames).min(bytes.len() - start),
            }
            if work > MOST_WORK {
                return Search::GaveUp;
            }
        }
        at = start + 1;
    }
}

enum End {
    At(usize),
    Nowhere,
    MoreNeeded,
}

fn find_end(
    shape: &FlacShape,
    bytes: &[u8],
    frame: &FlacFrame,
    last: bool,
    decodes: &mut impl FnMut(&[u8]) -> bool,
) -> End {
    let most = shape.most_bytes(frame.frames).min(bytes.len());
    let mut crc = 0;
    let mut done = 0;
    // Between two places where a header could begin, bytes go eight at a time.
    let mut at = LEAST_FRAME;
    while let Some(next) = next_sync(&bytes[..most], at) {
        crc = crc16(crc, &bytes[done..next]);
        done = next;
        if crc == 0 && read_header(shape, &bytes[next..]).is_some() {
            return End::At(next);
        }
        at = next + 1;
    }
    if most < shape.most_bytes(frame.frames) && !last {
        return End::MoreNeeded;
    }
    // No header follows: the frame is the last one, something else stands behind it, or it is damaged. Decoding tells how
    // many bytes it takes, and the checksum behind them whether they are right.
    let body = &bytes[..most];
    if last && most == bytes.len() && most > LEAST_FRAME {
        let ends = crc16(0, body) == 0 && decodes(&body[..most - 2]) && !decodes(&body[..most - 3]);
        if ends {
            return End::At(most);
        }
    }
    if !decodes(body) {
        return End::Nowhere;
    }
    let (mut few, mut enough) = (0, most);
    while enough - few > 1 {
        let middle = (few + enough) / 2;
        if decodes(&body[..middle]) {
            enough = middle;
        } else {
            few = middle;
        }
    }
    let size = enough + 2;
    if size <= most && crc16(0, &body[..size]) == 0 {
        End::At(size)
    } else {
        End::Nowhere
    }
}

/// Where 14 set bits and a cleared one stand at the start of a byte.
fn next_sync(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 1 < bytes.len() {
        match bytes[at..bytes.len() - 1].iter().position(|&byte| byte == 0xff) {
            None => return None,
            Some(skip) => {
                at += skip;
                if bytes[at + 1] & 0xfe == 0xf8 {
                    return Some(at);
                }
                at += 1;
            }
        }
    }
    None
}

/// A header that agrees with its checksum and with STREAMINFO.
fn read_header(shape: &FlacShape, bytes: &[u8]) -> Option<FlacFrame> {
    let at = |i: usize| bytes.get(i).map(|&byte| u32::from(byte));
    let (codes, layout) = (at(2)?, at(3)?);
    if at(0)? != 0xff || at(1)? & 0xfe != 0xf8 || layout & 1 != 0 {
        return None;
    }
    let (number, mut next) = read_number(bytes, 4)?;
    let frames = match codes >> 4 {
        0 => return None,
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => {
            next += 1;
            at(next - 1)? + 1
        }
        7 => {
            next += 2;
            (at(next - 2)? << 8 | at(next - 1)?) + 1
        }
        code => 256 << (code - 8),
    };
    let rate = match codes & 15 {
        0 => shape.rate,
        code @ 1..=11 => {
            [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000][code as usize - 1]
        }
        12 => {
            next += 1;
            at(next - 1)? * 1000
        }
        13 => {
            next += 2;
            at(next - 2)? << 8 | at(next - 1)?
        }
        14 => {
            next += 2;
            (at(next - 2)? << 8 | at(next - 1)?) * 10
        }
        _ => return None,
    };
    let channels = match layout >> 4 {
        code @ 0..=7 => code + 1,
        8..=10 => 2,
        _ => return None,
    };
    let bits = match layout >> 1 & 7 {
        0 => shape.bits,
        3 => return None,
        code => [8, 12, 0, 16, 20, 24, 32][code as usize - 1],
    };
    if shape.channels != 0 && (channels != shape.channels || bits != shape.bits || rate != shape.rate) {
        return None;
    }
    if frames > 65_535 || u32::from(crc8(&bytes[..next])) != at(next)? {
        return None;
    }
    Some(FlacFrame {
        at: 0,
        size: 0,
        frames,
        number_low: number as u32,
        number_high: (number >> 32) as u32,
        by_sample: at(1)? & 1,
    })
}

/// A number in the way of UTF-8, up to seven bytes, and where the next field stands.
fn read_number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *bytes.get(at)?;
    let length = match first.leading_ones() as usize {
        0 => return Some((u64::from(first), at + 1)),
        1 | 8 => return None,
        length => length,
    };
    let mut number = u64::from(first) & ((1 << (7 - length)) - 1);
    for i in 1..length {
        let byte = *bytes.get(at + i)?;
        if byte & 0xc0 != 0x80 {
            return None;
        }
        number = number << 6 | u64::from(byte & 0x3f);
    }
    Some((number, at + length))
}
