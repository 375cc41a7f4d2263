//! Dice: the same throws on every machine and in every release.

/// SplitMix64. A library's generator may change its numbers between versions, and with them every figure of the demo
/// company that a document or a test mentions.
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    /// The dice of one customer, independent of how many others there are.
    pub(super) fn of_customer(number: u32) -> Self {
        let mut dice = Dice { state: 0x4775_696c_6468_616c_u64 ^ (u64::from(number) << 20) };
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number between `low` and `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.next() % span).unwrap_or(0))
    }

    /// True in `percent` of 100 throws.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several texts.
    pub(super) fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        let last = i64::try_from(texts.len()).unwrap_or(1) - 1;
        let place = usize::try_from(self.between(0, last)).unwrap_or(0);
        texts.get(place).copied().unwrap_or_default()
    }
}
