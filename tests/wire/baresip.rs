//! baresip as an agent's phone: a softphone none of us wrote, which registers with digest and answers by itself.

use crate::house::House;
use crate::process::{Process, free_port, wait_for};
use crate::sense::write_tone;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Its sound leaves from the machine's first address whatever it is told, and the house takes sound only from the
/// address that was signalled.
const HERE: &str = "127.0.0.1";
/// It ends by itself then, whatever became of the test.
const LIFE_SECONDS: &str = "180";

#[derive(Debug)]
pub(crate) struct Baresip {
    process: Process,
    recordings: PathBuf,
}

impl Baresip {
    /// Registers as `user` and answers with a tone of `hz`.
    pub(crate) fn start(house: &House, user: &str, password: &str, codec: &str, hz: f64) -> Baresip {
        let home = house.path().join(format!("baresip-{user}"));
        let recordings = home.join("heard");
        std::fs::create_dir_all(&recordings).expect("a folder can be made");
        let ip: IpAddr = HERE.parse().expect("an address");
        let (sip, rtp) = (free_port(ip), free_port(ip));
        let rate = if codec.starts_with("G722") { 16_000 } else { 8_000 };
        let (modules, heard) = (modules(), recordings.display());
        // Its own tone generator knows 48 kHz only.
        let tone = home.join("tone.wav");
        write_tone(&tone, rate, hz, 180);
        let tone = tone.display();
        let config = format!(
            "poll_method epoll
sip_listen {ip}:{sip}
audio_player aufile,{heard}/played.wav
audio_source aufile,{tone}
audio_alert aufile,/dev/null
ausrc_srate {rate}
auplay_srate {rate}
ausrc_channels 1
auplay_channels 1
rtp_ports {rtp}-{}
rtcp_mux no
jitter_buffer_delay 1-5
module_path {}
module stdio.so
module g711.so
module g722.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
snd_path {heard}
",
            rtp.saturating_add(8),
            modules.display()
        );
        let server = house.sip;
        let account = format!(
            "<sip:{user}@{server}>;auth_user={user};auth_pass={password};regint=60;answermode=auto;audio_codecs={codec}\n"
        );
        for (name, text) in [("config", &*config), ("accounts", &*account), ("contacts", "")] {
            std::fs::write(home.join(name), text).expect("a file can be written");
        }
        let mut command = Command::new("baresip");
        command.args(["-4", "-n", HERE, "-f"]).arg(&home).args(["-t", LIFE_SECONDS]).current_dir(&home);
        if std::env::var_os("WIRE_DEBUG").is_some() {
            command.arg("-s");
        }
        Baresip { process: Process::start(house.path(), &format!("baresip-{user}"), &mut command), recordings }
    }

    /// The file of what it heard or sent (`dec`, `enc`), once the call is over.
    pub(crate) fn recording(&self, kind: &str) -> PathBuf {
        wait_for(&format!("baresip's {kind} file"), Duration::from_secs(30), || {
            let files = std::fs::read_dir(&self.recordings).ok()?;
            let ending = format!("{kind}.wav");
            files.filter_map(Result::ok).map(|f| f.path()).find(|p| p.to_string_lossy().ends_with(&ending))
        })
    }

    pub(crate) fn story(&self) -> String {
        self.process.story()
    }

    /// Ends it cleanly: it unregisters and closes its files.
    pub(crate) fn stop(&mut self) {
        self.process.signal("TERM");
        self.process.wait(Duration::from_secs(30));
    }
}

fn modules() -> PathBuf {
    let places = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/usr/lib64/baresip/modules"];
    let found = places.map(Path::new).into_iter().find(|place| place.join("sndfile.so").exists());
    found.unwrap_or_else(|| panic!("baresip's modules are in none of {places:?}; install baresip-core")).to_owned()
}
