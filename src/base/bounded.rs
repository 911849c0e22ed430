use std::collections::VecDeque;

/// A first-in first-out queue that says no when it is full, so that overload becomes an answer.
#[derive(Debug, Clone)]
pub struct Bounded<T> {
    items: VecDeque<T>,
    limit: usize,
}

/// The queue was full; the item comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> Bounded<T> {
    pub fn new(limit: usize) -> Self {
        Bounded { items: VecDeque::new(), limit }
    }

    pub fn push(&mut self, item: T) -> Result<(), Full<T>> {
        if self.items.len() >= self.limit {
            return Err(Full(item));
        }
        self.items.push_back(item);
        Ok(())
    }

    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_hands_the_item_back() {
        let mut queue = Bounded::new(1);
        assert_eq!(queue.push('a'), Ok(()));
        assert_eq!(queue.push('b'), Err(Full('b')));
        assert_eq!(queue.pop(), Some('a'));
        assert!(queue.is_empty());
    }
}
