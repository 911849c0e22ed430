//! From a few runs to an interval (Student 1908).

/// A figure over all runs: its mean and half of its confidence interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    pub mean: f64,
    /// `None`: one run says nothing about chance.
    pub half_width: Option<f64>,
    /// Runs that had the figure: where nobody was answered there is no speed of answer.
    pub runs: usize,
}

impl Estimate {
    /// `None` when no run had the figure. Runs are independent, so their means are close to normal.
    pub fn of(values: impl IntoIterator<Item = f64>, confidence: f64) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let runs = values.len();
        let mean = values.iter().sum::<f64>() / runs as f64;
        if runs < 2 {
            return values.first().map(|only| Estimate { mean: *only, half_width: None, runs });
        }
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
        let quantile = student_quantile(1.0 - (1.0 - confidence) / 2.0, (runs - 1) as f64);
        Some(Estimate { mean, half_width: Some(quantile * (variance / runs as f64).sqrt()), runs })
    }

    pub fn low(&self) -> f64 {
        self.mean - self.half_width.unwrap_or(0.0)
    }

    pub fn high(&self) -> f64 {
        self.mean + self.half_width.unwrap_or(0.0)
    }

    /// How often chance alone takes a mean so far from nothing; `confidence` as the interval was made with.
    fn chance(&self, confidence: f64) -> f64 {
        match self.half_width {
            None => 1.0,
            Some(0.0) => f64::from(self.mean == 0.0),
            Some(half) => {
                let freedom = (self.runs - 1) as f64;
                let quantile = student_quantile(1.0 - (1.0 - confidence) / 2.0, freedom);
                2.0 * tail(self.mean.abs() / half * quantile, freedom)
            }
        }
    }
}

/// Which of these differ from nothing, so that with this confidence none of them is named by chance: among many figures
/// each for itself would be, one in twenty (Holm 1979, whatever they have to do with each other).
pub fn differing(estimates: &[Estimate], confidence: f64) -> Vec<bool> {
    let chances: Vec<f64> = estimates.iter().map(|estimate| estimate.chance(confidence)).collect();
    let mut order: Vec<usize> = (0..estimates.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut differs = vec![false; estimates.len()];
    for (rank, at) in order.into_iter().enumerate() {
        if chances[at] > (1.0 - confidence) / (estimates.len() - rank) as f64 {
            break;
        }
        differs[at] = true;
    }
    differs
}

/// The `p` quantile of Student's distribution, for `p` above one half: bisection on its tail.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e6);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if tail(middle, freedom) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(T > t).
fn tail(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5) / 2.0
}

/// The regularised incomplete beta function by its continued fraction (DLMF 8.17.22, Lentz's method).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for step in [even, odd] {
            d = 1.0 / away(1.0 + step * d);
            c = away(1.0 + step / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * fraction
}

/// Stirling's series after shifting the argument above 10: good to 1e-12.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_7 + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        for (p, freedom, printed) in [
            (0.975, 1.0, 12.706),
            (0.975, 19.0, 2.093),
            (0.975, 29.0, 2.045),
            (0.995, 10.0, 3.169),
            (0.9995, 29.0, 3.659),
            (0.975, 1000.0, 1.962),
        ] {
            let found = student_quantile(p, freedom);
            assert!((found - printed).abs() < 6e-4, "t({p}, {freedom}) = {found}, printed {printed}");
        }
    }

    #[test]
    fn an_interval_covers_as_often_as_it_says() {
        let mut rng = base::Rng::new(5);
        let covers = (0..4000).filter(|_| {
            let runs: Vec<f64> = (0..20).map(|_| (0..30).map(|_| rng.unit()).sum::<f64>() / 30.0).collect();
            let estimate = Estimate::of(runs, 0.95).unwrap();
            (estimate.low()..=estimate.high()).contains(&0.5)
        });
        let covers = covers.count();
        assert!((3740..=3860).contains(&covers), "{covers} of 4000");
    }

    #[test]
    fn among_many_figures_one_in_twenty_is_not_said_to_differ_by_chance() {
        let mut rng = base::Rng::new(6);
        let mut figure = |shift: f64| Estimate::of((0..20).map(|_| rng.normal() + shift), 0.95).unwrap();
        let (mut alone, mut named, mut found) = (0, 0, 0);
        for _ in 0..400 {
            let mut all: Vec<Estimate> = (0..30).map(|_| figure(0.0)).collect();
            alone += all.iter().filter(|e| e.low() > 0.0 || e.high() < 0.0).count();
            all.push(figure(3.0));
            let differs = differing(&all, 0.95);
            found += usize::from(differs[30]);
            named += usize::from(differs[..30].contains(&true));
        }
        assert!((500..=700).contains(&alone), "{alone} of 12000 each for itself");
        assert!(named <= 35, "in {named} of 400 comparisons something differs by chance");
        assert_eq!(found, 400);
    }

    #[test]
    fn what_never_varies_differs_when_it_is_not_nothing() {
        let always = |mean| Estimate { mean, half_width: Some(0.0), runs: 5 };
        let once = Estimate { mean: 7.0, half_width: None, runs: 1 };
        assert_eq!(differing(&[always(1.0), always(0.0), once], 0.95), [true, false, false]);
        assert_eq!(differing(&[], 0.95), [false; 0]);
    }

    #[test]
    fn one_run_has_no_interval_and_none_no_figure() {
        assert_eq!(Estimate::of([0.8], 0.95), Some(Estimate { mean: 0.8, half_width: None, runs: 1 }));
        assert_eq!(Estimate::of([], 0.95), None);
    }
}
