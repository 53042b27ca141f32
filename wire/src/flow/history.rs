//! The history of a flow: Zeek's letters in the order in which things happened.

use super::limits::MAX_HISTORY;

/// History letters, in the row while they are few.
#[derive(Clone, Debug, Default)]
pub struct History {
    len: u8,
    near: [u8; 15],
    far: Option<Box<[u8; MAX_HISTORY]>>,
}

impl History {
    /// Append a letter; nothing happens beyond the limit.
    pub fn push(&mut self, letter: u8) {
        let at = usize::from(self.len);
        if at >= MAX_HISTORY {
            return;
        }
        if let Some(place) = self.near.get_mut(at) {
            *place = letter;
        } else {
            let near = self.near;
            let far = self.far.get_or_insert_with(|| {
                let mut all = [0; MAX_HISTORY];
                all.iter_mut().zip(near).for_each(|(to, from)| *to = from);
                Box::new(all)
            });
            if let Some(place) = far.get_mut(at) {
                *place = letter;
            }
        }
        self.len += 1;
    }

    fn letters_mut(&mut self) -> &mut [u8] {
        let len = usize::from(self.len);
        match &mut self.far {
            Some(far) => far.get_mut(..len).unwrap_or_default(),
            None => self.near.get_mut(..len).unwrap_or_default(),
        }
    }

    /// The letters so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = usize::from(self.len);
        let letters = match &self.far {
            Some(far) => far.get(..len),
            None => self.near.get(..len),
        };
        std::str::from_utf8(letters.unwrap_or_default()).unwrap_or_default()
    }

    /// Exchange the roles: case of every letter, `^` in front.
    pub fn flip(&mut self) {
        for letter in self.letters_mut() {
            *letter = match *letter {
                upper @ b'A'..=b'Z' => upper.to_ascii_lowercase(),
                lower => lower.to_ascii_uppercase(),
            };
        }
        self.push(b'^');
        self.letters_mut().rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    /// Letters survive the move out of the row, and a flip turns every case.
    #[test]
    fn history_flips() {
        let mut history = History::default();
        for _ in 0..10 {
            history.push(b'S');
            history.push(b'h');
        }
        history.flip();
        assert_eq!(history.as_str(), "^sHsHsHsHsHsHsHsHsHsH");
        for _ in 0..100 {
            history.push(b'D');
        }
        assert_eq!(history.as_str().len(), 64);
    }
}
