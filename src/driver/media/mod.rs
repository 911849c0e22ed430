//! The media side of the driver: threads, sockets and files around [`media::Worker`].
//!
//! [`MediaPool`] starts a plain thread a worker and one that writes recordings. Commands reach a thread over a bounded
//! ring, events leave it over one ring a shard; packets never leave their thread.

mod address;
#[cfg(test)]
mod allocation;
mod buffer_ring;
mod epoll_io;
mod packet_io;
mod pool;
mod recording_folder;
mod sockets;
mod sound_files;
mod sounds;
mod thread;
mod uring_io;
mod wav_file;
mod writer;

pub use pool::{MediaConfig, MediaPool, MediaStartError, MediaStats, PacketBackend, WorkerBusy};
pub use recording_folder::{RecordingFolder, RecordingFolderError};
pub use sound_files::SoundFiles;
pub use sounds::{LoadedSounds, SoundError, SoundErrors};
