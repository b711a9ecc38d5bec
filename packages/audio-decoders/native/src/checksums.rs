//! The two checksums of FLAC frames (RFC 9639, sections 9.1.8 and 9.3).

const fn table8() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u8;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 0x80 != 0 { (value << 1) ^ 0x07 } else { value << 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}

/// Eight tables, so that eight bytes go in a step: table k holds what a byte becomes k bytes later.
const fn tables16() -> [[u16; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut value = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 0x8000 != 0 { (value << 1) ^ 0x8005 } else { value << 1 };
            bit += 1;
        }
        tables[0][i] = value;
        i += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut i = 0;
        while i < 256 {
            let before = tables[k - 1][i];
            tables[k][i] = (before << 8) ^ tables[0][(before >> 8) as usize];
            i += 1;
        }
        k += 1;
    }
    tables
}

static TABLE8: [u8; 256] = table8();
static TABLES16: [[u16; 256]; 8] = tables16();

pub fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, &byte| TABLE8[usize::from(crc ^ byte)])
}

/// Goes on from `crc`; 0 over a whole frame with its checksum.
pub fn crc16(mut crc: u16, bytes: &[u8]) -> u16 {
    let mut steps = bytes.chunks_exact(8);
    for step in &mut steps {
        crc = TABLES16[7][usize::from(step[0] ^ (crc >> 8) as u8)]
            ^ TABLES16[6][usize::from(step[1] ^ crc as u8)]
            ^ TABLES16[5][usize::from(step[2])]
            ^ TABLES16[4][usize::from(step[3])]
            ^ TABLES16[3][usize::from(step[4])]
            ^ TABLES16[2][usize::from(step[5])]
            ^ TABLES16[1][usize::from(step[6])]
            ^ TABLES16[0][usize::from(step[7])];
    }
    for &byte in steps.remainder() {
        crc = (crc << 8) ^ TABLES16[0][usize::from((crc >> 8) as u8 ^ byte)];
    }
    crc
}
