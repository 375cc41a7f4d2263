//! Source: the bytes of a file, unpacked if it is packed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A packed file may unpack to this much whatever its size, and beyond it to [`MOST_TIMES`] its size. Text of business seldom
/// gets more than thirty times smaller.
const FREE_BYTES: u64 = 16 * 1024 * 1024;
const MOST_TIMES: u64 = 200;

/// Opens a file. One packed by gzip is recognised by its content, whatever its name.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    read(File::open(path)?)
}

pub(crate) fn read(input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let taken = Arc::new(AtomicU64::new(0));
    let mut input = BufReader::with_capacity(64 * 1024, Counted { input, taken: Arc::clone(&taken) });
    // A pipe may give fewer bytes at first, a file does not.
    if !input.fill_buf()?.starts_with(&GZIP) {
        return Ok(Box::new(input));
    }
    Ok(Box::new(Unpacked { input: MultiGzDecoder::new(input), given: 0, taken }))
}

struct Counted<R> {
    input: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

struct Unpacked<R> {
    input: R,
    given: u64,
    /// Packed bytes read so far.
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.given += read as u64;
        let most = FREE_BYTES.max(self.taken.load(Ordering::Relaxed).saturating_mul(MOST_TIMES));
        if self.given > most {
            return Err(io::Error::other(format!(
                "it unpacks to more than {MOST_TIMES} times its size; if that is right, unpack it yourself"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        read(io::Cursor::new(bytes))?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn packed_and_plain_files_read_alike() {
        assert_eq!(all(b"a,b\n".to_vec()).unwrap(), b"a,b\n");
        assert_eq!(all(packed(b"a,b\n")).unwrap(), b"a,b\n");
        assert_eq!(all([packed(b"a,"), packed(b"b\n")].concat()).unwrap(), b"a,b\n");
        assert_eq!(all(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn a_bomb_and_a_broken_file_are_told() {
        let bomb = packed(&vec![b'\n'; FREE_BYTES as usize + 1]);
        assert!(all(bomb).unwrap_err().to_string().contains("unpacks to more than 200 times its size"));
        let mut cut = packed(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        cut.truncate(cut.len() / 2);
        assert!(all(cut).is_err());
    }
}
