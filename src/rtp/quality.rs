//! Listening quality from loss and delay: a simplified E-model.
//!
//! ITU-T G.107 rates a connection `R = Ro - Is - Id - Ie,eff + A`. With its default values for everything
//! a server cannot see (loudness, noise, side tone, perfect echo control, no advantage of access):
//!
//! - `Ro - Is = 93.2`
//! - `Id = Idd(Ta)`: 0 up to Ta = 100 ms one way, then with `X = log2(Ta / 100 ms)`
//!   `Idd = 25 { (1 + X^6)^(1/6) - 3 (1 + (X/3)^6)^(1/6) + 2 }`
//! - `Ie,eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl)`, Ppl in per cent
//! - `MOS = 1 + 0.035 R + R (R - 60) (100 - R) 7e-6`, 1 below R = 0, 4.5 above R = 100
//!
//! The result stands on the narrow-band scale for every codec, so that the two legs of a call compare;
//! it therefore gives G.722 no bonus for its bandwidth.

use core::time::Duration;

/// How a codec takes loss (ITU-T G.113 appendix I).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Impairment {
    /// Equipment impairment factor Ie, without loss.
    pub equipment: f64,
    /// Packet-loss robustness factor Bpl.
    pub loss_robustness: f64,
}

impl Impairment {
    /// G.711 with the concealment of its appendix I: Ie 0, Bpl 25.1 (G.113 appendix I, random loss).
    pub const G711: Impairment = Impairment { equipment: 0.0, loss_robustness: 25.1 };
    /// G.711 whose gaps are heard as silence: Ie 0, Bpl 4.3 (G.113 appendix I).
    pub const G711_UNCONCEALED: Impairment = Impairment { equipment: 0.0, loss_robustness: 4.3 };
    /// G.722 at 64 kbit/s with waveform repetition. G.113 has no narrow-band row for it: Ie 0 because without
    /// loss it is nowhere worse than G.711; Bpl 18 is ours, from speech with 2 and 5 % loss rated by PESQ, where
    /// loss cost 1.2 to 1.3 times what it costs G.711 (the decoder needs some frames to find its state again).
    pub const G722: Impairment = Impairment { equipment: 0.0, loss_robustness: 18.0 };
}

/// What a leg went through.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Conditions {
    pub impairment: Impairment,
    /// Packets lost or too late to be played, 0 to 1.
    pub loss: f64,
    /// Mean length of loss bursts over that of random loss; 1 when losses are random or unknown.
    pub burst_ratio: f64,
    /// Mouth to ear.
    pub one_way_delay: Duration,
}

impl Conditions {
    /// Delay as a server can know it: half the round trip, the packet's length and the jitter buffer.
    pub fn one_way_delay(round_trip: Option<Duration>, packet: Duration, jitter_buffer: Duration) -> Duration {
        round_trip.unwrap_or_default() / 2 + packet + jitter_buffer
    }

    /// The rating factor R, 0 to 93.2.
    pub fn rating(&self) -> f64 {
        let percent = self.loss.clamp(0.0, 1.0) * 100.0;
        let Impairment { equipment, loss_robustness } = self.impairment;
        let spread = percent / self.burst_ratio.max(1.0) + loss_robustness;
        let effective = equipment + (95.0 - equipment) * percent / spread;
        (R_DEFAULT - delay_impairment(self.one_way_delay) - effective).max(0.0)
    }

    /// The estimated mean opinion score, 1 to 4.41.
    pub fn mos(&self) -> f64 {
        mos_of(self.rating())
    }
}

/// R with nothing lost and nothing late (G.107 table 3, defaults).
const R_DEFAULT: f64 = 93.2;

/// G.107 annex B.
fn mos_of(rating: f64) -> f64 {
    match rating {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        // Below R = 6.5 the cubic dips under 1, which no listener can score.
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

fn delay_impairment(one_way: Duration) -> f64 {
    let millis = one_way.as_secs_f64() * 1000.0;
    if millis <= 100.0 {
        return 0.0;
    }
    let x = (millis / 100.0).log2();
    let root = |base: f64| (1.0 + base.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(loss: f64, millis: u64) -> Conditions {
        let one_way_delay = Duration::from_millis(millis);
        Conditions { impairment: Impairment::G711, loss, burst_ratio: 1.0, one_way_delay }
    }

    fn check(conditions: Conditions, rating: f64, mos: f64) {
        assert!((conditions.rating() - rating).abs() < 0.01, "R {} of {conditions:?}", conditions.rating());
        assert!((conditions.mos() - mos).abs() < 0.001, "MOS {} of {conditions:?}", conditions.mos());
    }

    #[test]
    fn values_worked_out_by_hand() {
        // G.107: the default connection has R = 93.2 and MOS = 4.41.
        check(leg(0.0, 40), 93.2, 4.409);
        // 95 × 2 / (2 + 25.1) = 7.011
        check(leg(0.02, 40), 86.189, 4.235);
        // 95 × 5 / (5 + 25.1) = 15.781
        check(leg(0.05, 40), 77.419, 3.923);
        // X = 1: 25 (2^(1/6) - 3 (1 + 3^-6)^(1/6) + 2) = 3.044
        check(leg(0.0, 200), 90.156, 4.343);
        // X = 2: 25 (65^(1/6) - 3 (1 + (2/3)^6)^(1/6) + 2) = 24.07
        check(leg(0.0, 400), 69.12, 3.556);
        let silence = Conditions { impairment: Impairment::G711_UNCONCEALED, ..leg(0.05, 40) };
        // 95 × 5 / (5 + 4.3) = 51.08
        check(silence, 42.12, 2.169);
    }

    #[test]
    fn more_loss_and_more_delay_never_sound_better() {
        let mut last = 5.0;
        for step in 0..=100 {
            let mos = leg(f64::from(step) / 100.0, 0).mos();
            assert!(mos <= last && (1.0..=4.5).contains(&mos));
            last = mos;
        }
        let mut last = 5.0;
        for step in 0..200 {
            let mos = leg(0.0, step * 10).mos();
            assert!(mos <= last + 1e-9 && mos >= 1.0, "{} ms", step * 10);
            last = mos;
        }
    }

    #[test]
    fn bursts_sound_worse_than_random_loss_and_nonsense_is_clamped() {
        assert!(Conditions { burst_ratio: 3.0, ..leg(0.05, 0) }.mos() < leg(0.05, 0).mos());
        assert_eq!(leg(-1.0, 0).mos(), leg(0.0, 0).mos());
        assert_eq!(leg(7.0, 0).mos(), leg(1.0, 0).mos());
        assert!(leg(1.0, 10_000).mos() >= 1.0);
    }

    #[test]
    fn delay_adds_up_what_a_server_knows() {
        let ms = Duration::from_millis;
        assert_eq!(Conditions::one_way_delay(Some(ms(80)), ms(20), ms(60)), ms(120));
        assert_eq!(Conditions::one_way_delay(None, ms(20), ms(60)), ms(80));
    }
}
