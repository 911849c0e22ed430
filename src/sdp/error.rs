/// Why a description cannot be read. The peer is answered 488 or, where the text is no SDP at all, 400.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    #[error("the description is longer than {} octets", crate::OCTETS_MAX)]
    TooLarge,
    #[error("a line is longer than {} octets", crate::LINE_OCTETS_MAX)]
    LineTooLong,
    #[error("more than {} media lines", crate::MEDIA_LINES_MAX)]
    TooManyMedia,
    #[error("more than {} attributes", crate::ATTRIBUTES_MAX)]
    TooManyAttributes,
    #[error("more than {} formats in a media line", crate::FORMATS_MAX)]
    TooManyFormats,
    #[error("a line is not of the form letter=value")]
    NotALine,
    #[error("the first line is not v=0")]
    NotVersionZero,
    #[error("the o= line is missing or malformed")]
    BadOrigin,
    #[error("a c= line is malformed, names a host or a multicast group")]
    BadConnection,
    #[error("an m= line is malformed")]
    BadMedia,
    #[error("an rtpmap attribute is malformed or has clock rate 0")]
    BadRtpmap,
    #[error("a payload type is above 127")]
    BadPayloadType,
    #[error("ptime or maxptime is not between 1 and 200")]
    BadPtime,
    #[error("an rtcp attribute is malformed")]
    BadRtcp,
    #[error("a media line in use has no c= line")]
    NoConnection,
    #[error("there is no audio stream in use")]
    NoAudio,
}

impl ParseError {
    /// True when the text is no session description at all, false when it is one we cannot take.
    pub const fn is_syntax(self) -> bool {
        matches!(self, ParseError::NotALine | ParseError::NotVersionZero | ParseError::BadOrigin)
    }
}

/// Why an offer is refused; the session before it stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OfferError {
    #[error("no codec in common")]
    NoCommonCodec,
    #[error("the version in o= went down")]
    VersionWentDown,
    #[error("fewer media lines than before")]
    MediaLinesRemoved,
    #[error("our own offer is still open")]
    Glare,
}

/// Why an answer is refused; the session before our offer stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    Unreadable(#[from] ParseError),
    #[error("there is no offer of ours to answer")]
    Unasked,
    #[error("the number of media lines differs from the offer's")]
    MediaLinesDiffer,
    #[error("the audio stream was refused")]
    Refused,
    #[error("no codec of the offer in the answer")]
    NoCommonCodec,
}
