use std::time::Instant;

/// Says how long it took until it was dropped, by the clock on the wall: for tests of many cases.
#[derive(Debug)]
pub struct WallTime {
    what: &'static str,
    began: Instant,
}

impl WallTime {
    pub fn of(what: &'static str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "only told, never judged")]
        Self {
            what,
            began: Instant::now(),
        }
    }
}

impl Drop for WallTime {
    fn drop(&mut self) {
        eprintln!("{}: {} ms", self.what, self.began.elapsed().as_millis());
    }
}
