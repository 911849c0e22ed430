//! A list that nearly always holds one.

/// The first lies in place, so that who looks at it looks into no other memory; further ones lie elsewhere.
#[derive(Debug)]
pub(crate) struct Few<T> {
    first: Option<T>,
    /// Empty while there is no first.
    others: Vec<T>,
}

impl<T> Few<T> {
    pub(crate) const fn new() -> Self {
        Few { first: None, others: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.first.as_ref()
    }

    /// In the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.others)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.others)
    }

    pub(crate) fn push(&mut self, item: T) {
        match &self.first {
            None => self.first = Some(item),
            Some(_) => self.others.push(item),
        }
    }

    /// Takes out the first one that is meant.
    pub(crate) fn take(&mut self, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        if self.first.as_ref().is_some_and(&is_meant) {
            let next = (!self.others.is_empty()).then(|| self.others.remove(0));
            return core::mem::replace(&mut self.first, next);
        }
        let at = self.others.iter().position(is_meant)?;
        Some(self.others.remove(at))
    }

    pub(crate) fn take_last(&mut self) -> Option<T> {
        self.others.pop().or_else(|| self.first.take())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn keeps_the_order_in_which_they_came() {
        let mut rng = Rng::new(3);
        let (mut few, mut plain) = (Few::new(), Vec::new());
        for step in 0..10_000 {
            match rng.below(4) {
                0 | 1 => {
                    few.push(step);
                    plain.push(step);
                }
                2 => assert_eq!(few.take_last(), plain.pop()),
                _ => {
                    let part = rng.below(3);
                    let at = plain.iter().position(|n| n % 3 == part);
                    assert_eq!(few.take(|n| n % 3 == part), at.map(|at| plain.remove(at)));
                }
            }
            assert!(few.iter().eq(&plain) && few.iter_mut().map(|n| *n).eq(plain.iter().copied()));
            assert_eq!((few.len(), few.is_empty(), few.first()), (plain.len(), plain.is_empty(), plain.first()));
        }
    }
}
