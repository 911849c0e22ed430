use crate::library::{Sound, SoundLibrary};
use crate::limits::PLAYLIST_MAX;
use model::{Codec, PlayId, SoundId};

/// Where a leg is in the list of sounds it is being played.
///
/// The position counts octets, which are the same in every codec, so that a codec may change in mid-sound.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    play: PlayId,
    sounds: Box<[SoundId]>,
    repeat: bool,
    current: usize,
    position: usize,
}

/// What was put into the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Filled {
    pub(crate) octets: usize,
    /// The last sound of a list that does not repeat has ended.
    pub(crate) ended: bool,
}

impl Player {
    pub(crate) fn new(play: PlayId, mut sounds: Vec<SoundId>, repeat: bool) -> Self {
        sounds.truncate(PLAYLIST_MAX);
        Player { play, sounds: sounds.into(), repeat, current: 0, position: 0 }
    }

    pub(crate) fn play(&self) -> PlayId {
        self.play
    }

    /// The sound that comes next.
    pub(crate) fn current<'a>(&self, library: &'a SoundLibrary) -> Option<&'a Sound> {
        let place = if self.current == self.sounds.len() { 0 } else { self.current };
        library.sound(*self.sounds.get(place)?)
    }

    /// Fills `out` with what comes next; a sound without a form in this codec counts as empty, see [`Self::current`].
    pub(crate) fn fill(&mut self, library: &SoundLibrary, codec: Codec, out: &mut [u8]) -> Filled {
        let mut filled = 0;
        // A list of nothing but empty sounds ends after one turn instead of going round for ever.
        let mut empty_in_a_row = 0;
        while filled < out.len() {
            if self.current == self.sounds.len() && self.repeat && empty_in_a_row < self.sounds.len() {
                self.current = 0;
            }
            let Some(id) = self.sounds.get(self.current) else { break };
            let octets = library.sound(*id).and_then(|sound| sound.octets(codec)).unwrap_or_default();
            let rest = octets.get(self.position..).unwrap_or_default();
            let take = rest.len().min(out.len() - filled);
            out[filled..filled + take].copy_from_slice(&rest[..take]);
            filled += take;
            self.position += take;
            empty_in_a_row = if take == 0 { empty_in_a_row + 1 } else { 0 };
            if self.position >= octets.len() {
                self.current += 1;
                self.position = 0;
            }
        }
        let over = self.current == self.sounds.len() && (!self.repeat || empty_in_a_row > 0 || self.sounds.is_empty());
        Filled { octets: filled, ended: over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> SoundLibrary {
        let mut library = SoundLibrary::new();
        library.add(Sound::new(vec![1; 160]));
        library.add(Sound::new(vec![2; 320]));
        library.add(Sound::new(vec![]));
        library
    }

    /// The first octet of each frame until the list ends, at most `frames`.
    fn play(sounds: &[u32], repeat: bool, frames: usize) -> Vec<u8> {
        let mut player = Player::new(PlayId(0), sounds.iter().map(|n| SoundId(*n)).collect(), repeat);
        let library = library();
        let mut heard = Vec::new();
        for _ in 0..frames {
            let mut out = [0; 160];
            let filled = player.fill(&library, Codec::Pcmu, &mut out);
            if filled.octets > 0 {
                heard.push(out[0]);
            }
            if filled.ended {
                heard.push(b'.');
                break;
            }
        }
        heard
    }

    #[test]
    fn a_list_plays_through_and_ends_with_its_last_frame() {
        assert_eq!(play(&[0, 1, 0], false, 9), [1, 2, 2, 1, b'.']);
        assert_eq!(play(&[2, 0, 2], false, 9), [1, b'.']);
    }

    #[test]
    fn a_repeating_list_goes_round() {
        assert_eq!(play(&[0, 1], true, 7), [1, 2, 2, 1, 2, 2, 1]);
    }

    #[test]
    fn nothing_to_play_ends_at_once() {
        for repeat in [false, true] {
            assert_eq!(play(&[], repeat, 3), [b'.']);
            assert_eq!(play(&[2, 2], repeat, 3), [b'.']);
            assert_eq!(play(&[77], repeat, 3), [b'.'], "an id nobody knows");
        }
    }

    #[test]
    fn packets_of_any_length_get_the_same_octets() {
        let mut player = Player::new(PlayId(0), vec![SoundId(0), SoundId(1)], false);
        let library = library();
        let mut heard = Vec::new();
        loop {
            let mut out = [0; 240];
            let filled = player.fill(&library, Codec::Pcmu, &mut out);
            heard.extend_from_slice(&out[..filled.octets]);
            if filled.ended {
                break;
            }
        }
        assert_eq!(heard, [vec![1; 160], vec![2; 320]].concat());
    }

    #[test]
    fn the_next_sound_is_known_before_it_plays() {
        let library = library();
        let mut player = Player::new(PlayId(0), vec![SoundId(0), SoundId(1)], true);
        let mut next = || {
            let frames = player.current(&library).map(|s| s.duration().as_millis() / 20);
            player.fill(&library, Codec::Pcmu, &mut [0; 160]);
            frames
        };
        assert_eq!([next(), next(), next(), next()], [Some(1), Some(2), Some(2), Some(1)]);
    }
}
