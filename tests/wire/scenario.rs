//! SIPp scenarios, put together from the steps of a story.
//!
//! Callers take a number and a media port from each line of their injection file. An agent's phone stands at
//! `sip:PORT@host`, and PORT is where its sound goes: one SIPp plays any number of phones, each with an ear of its own.
//! Which port of the house an ear speaks to, and until when, SIPp writes into its log for [`crate::ears`].

use std::fmt::Write as _;
use std::time::Duration;

/// A scenario under construction: what SIPp reads.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    xml: String,
    side: Side,
    /// CSeq of the last request it sent.
    cseq: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Caller,
    Agent,
}

const SDP: &str = "v=0
o=- 1 VERSION IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio PORT RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=DIRECTION
";

const ANSWER_HEADERS: &str = "[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
";

impl Scenario {
    /// Calls in; ready to dial.
    pub(crate) fn caller() -> Scenario {
        Scenario { xml: String::new(), side: Side::Caller, cseq: 1 }
    }

    /// Is called: takes the INVITE and notes who calls and where the sound goes.
    pub(crate) fn agent() -> Scenario {
        let mut this = Scenario { xml: String::new(), side: Side::Agent, cseq: 100 };
        this.push(
            r#"<recv request="INVITE" crlf="true" rrs="true"><action>
  <ereg regexp="sip:([0-9]+)@" search_in="msg" assign_to="uri,port"/>
  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>
  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>
  <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
  <ereg regexp="m=audio ([0-9]+)" search_in="body" assign_to="line,peer"/>
</action></recv>"#,
        );
        this
    }

    /// Step: the INVITE, with sound at the injected port.
    pub(crate) fn invite(mut self) -> Scenario {
        let sdp = self.sdp(1, "sendrecv");
        self.send(
            true,
            &format!(
                "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
Max-Forwards: 70
From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:[field0]@[local_ip]:[local_port]>
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO
Content-Type: application/sdp
Content-Length: [len]

{sdp}"
            ),
        );
        self.push(r#"<recv response="100" optional="true"/>"#);
        self
    }

    /// Step: provisional answers may come.
    pub(crate) fn may_ring(mut self) -> Scenario {
        self.push(r#"<recv response="180" optional="true"/><recv response="183" optional="true"/>"#);
        self
    }

    /// Step: this provisional answer must come.
    pub(crate) fn progress(mut self, status: u16) -> Scenario {
        let _ = writeln!(self.xml, r#"<recv response="{status}"/>"#);
        self
    }

    /// Step: the call is answered; ACK.
    pub(crate) fn answered(mut self) -> Scenario {
        self.push(
            r#"<recv response="200" rrs="true"><action>
  <ereg regexp="m=audio ([0-9]+)" search_in="body" assign_to="line,peer"/>
  <log message="[field1] speaks to [$peer]"/>
</action></recv>
<Reference variables="line,peer"/>"#,
        );
        self.ack()
    }

    /// Step: the call is refused with this status; ACK. A Retry-After must stand in a 503.
    pub(crate) fn refused(mut self, status: u16) -> Scenario {
        let check = if status == 503 {
            r#"<action><ereg regexp="[0-9]+" search_in="hdr" header="Retry-After:" check_it="true" assign_to="retry"/></action>"#
        } else {
            ""
        };
        let _ = writeln!(self.xml, r#"<recv response="{status}">{check}</recv>"#);
        if status == 503 {
            self.push(r#"<Reference variables="retry"/>"#);
        }
        self.send(
            false,
            "ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
Max-Forwards: 70
From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

",
        );
        self
    }

    /// Step: the caller gives up before the answer.
    pub(crate) fn cancel(mut self) -> Scenario {
        self.send(
            true,
            "CANCEL sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
Max-Forwards: 70
From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Content-Length: 0

",
        );
        self.push(r#"<recv response="200"/>"#);
        self.refused(487)
    }

    /// Step: let time pass.
    pub(crate) fn pause(mut self, time: Duration) -> Scenario {
        let _ = writeln!(self.xml, r#"<pause milliseconds="{}"/>"#, time.as_millis());
        self
    }

    /// Step: let some time pass, evenly spread.
    pub(crate) fn pause_between(mut self, least: Duration, most: Duration) -> Scenario {
        let (least, most) = (least.as_millis(), most.as_millis());
        let _ = writeln!(self.xml, r#"<pause distribution="uniform" min="{least}" max="{most}"/>"#);
        self
    }

    /// Step: a re-INVITE with this direction, and the direction the answer must have.
    pub(crate) fn reinvite(mut self, direction: &str, answer: &str) -> Scenario {
        let head = self.request("INVITE");
        let (sdp, contact) = (self.sdp(self.cseq, direction), self.contact());
        self.send(true, &format!("{head}{contact}Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"));
        let check = format!(r#"<ereg regexp="a={answer}" search_in="body" check_it="true" assign_to="direction"/>"#);
        let _ = writeln!(self.xml, r#"<recv response="100" optional="true"/>"#);
        let _ = writeln!(self.xml, r#"<recv response="200" rrs="true"><action>{check}</action></recv>"#);
        self.push(r#"<Reference variables="direction"/>"#);
        let ack = self.request_numbered("ACK", self.cseq);
        self.send(false, &format!("{ack}Content-Length: 0\n\n"));
        self
    }

    /// Step: hangs up.
    pub(crate) fn hang_up(mut self) -> Scenario {
        let _ = writeln!(self.xml, "<nop><action>{}</action></nop>", self.silence());
        let head = self.request("BYE");
        self.send(true, &format!("{head}Content-Length: 0\n\n"));
        self.push(r#"<recv response="200"/>"#);
        self
    }

    /// Step: the other side hangs up.
    pub(crate) fn hung_up(mut self) -> Scenario {
        let _ = writeln!(self.xml, r#"<recv request="BYE"><action>{}</action></recv>"#, self.silence());
        self.answer_plain("200 OK")
    }

    /// Step of an agent's phone: it rings.
    pub(crate) fn ring(mut self) -> Scenario {
        let contact = self.contact();
        self.send(false, &self.to_invite("180 Ringing", &format!("{contact}Content-Length: 0\n\n")));
        self
    }

    /// Step of an agent's phone: it answers, and the ACK comes.
    pub(crate) fn answer(mut self) -> Scenario {
        let (contact, sdp) = (self.contact(), self.sdp(1, "sendrecv"));
        let rest = format!(
            "{contact}Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER\nContent-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"
        );
        self.send(true, &self.to_invite("200 OK", &rest));
        self.push(r#"<recv request="ACK"><action><log message="[$port] speaks to [$peer]"/></action></recv>"#);
        self
    }

    /// Step of an agent's phone: it refuses, and the ACK comes.
    pub(crate) fn refuse(mut self, line: &str) -> Scenario {
        self.send(true, &self.to_invite(line, "Content-Length: 0\n\n"));
        self.push(r#"<recv request="ACK"/>"#);
        self
    }

    /// Step of an agent's phone: the ringing is taken back.
    pub(crate) fn cancelled(mut self) -> Scenario {
        self.push(r#"<recv request="CANCEL"/>"#);
        self = self.answer_plain("200 OK");
        self.send(
            true,
            "SIP/2.0 487 Request Terminated
[last_Via:]
From:[$remote]
To:[$local];tag=[pid]a[call_number]
[last_Call-ID:]
CSeq:[$cseq]
Content-Length: 0

",
        );
        self.push(r#"<recv request="ACK"/>"#);
        self
    }

    /// What SIPp reads.
    pub(crate) fn xml(&self) -> String {
        let variables = match self.side {
            Side::Caller => "",
            Side::Agent => "<Reference variables=\"uri,port,remote,local,cseq,line,peer\"/>\n",
        };
        let head = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<scenario name=\"wire\">\n";
        format!("{head}{}{variables}</scenario>\n", self.xml)
    }

    /// The ear's port stops speaking.
    fn silence(&self) -> &'static str {
        match self.side {
            Side::Caller => r#"<log message="[field1] speaks to 0"/>"#,
            Side::Agent => r#"<log message="[$port] speaks to 0"/>"#,
        }
    }

    fn push(&mut self, text: &str) {
        self.xml.push_str(text);
        self.xml.push('\n');
    }

    fn send(&mut self, repeated: bool, message: &str) {
        let retrans = if repeated { r#" retrans="500""# } else { "" };
        let _ = writeln!(self.xml, "<send{retrans}><![CDATA[\n{message}]]></send>");
    }

    fn ack(mut self) -> Scenario {
        let head = self.request_numbered("ACK", 1);
        self.send(false, &format!("{head}Content-Length: 0\n\n"));
        self
    }

    fn answer_plain(mut self, line: &str) -> Scenario {
        self.send(false, &format!("SIP/2.0 {line}\n{ANSWER_HEADERS}Content-Length: 0\n\n"));
        self
    }

    /// An answer to the first INVITE, with our tag.
    fn to_invite(&self, line: &str, rest: &str) -> String {
        let headers = ANSWER_HEADERS.replace("[last_To:]", "[last_To:];tag=[pid]a[call_number]");
        format!("SIP/2.0 {line}\n{headers}{rest}")
    }

    /// A request within the dialog, with a number of its own.
    fn request(&mut self, method: &str) -> String {
        self.cseq += 1;
        self.request_numbered(method, self.cseq)
    }

    fn request_numbered(&self, method: &str, cseq: u32) -> String {
        let (from, to) = match self.side {
            Side::Caller => (
                "From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]",
                "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]",
            ),
            Side::Agent => ("From:[$local];tag=[pid]a[call_number]", "To:[$remote]"),
        };
        let letter = method.to_ascii_lowercase();
        format!(
            "{method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{letter}{cseq}
Max-Forwards: 70
[routes]
{from}
{to}
Call-ID: [call_id]
CSeq: {cseq} {method}
"
        )
    }

    fn contact(&self) -> &'static str {
        match self.side {
            Side::Caller => "Contact: <sip:[field0]@[local_ip]:[local_port]>\n",
            Side::Agent => "Contact: <sip:[$port]@[local_ip]:[local_port]>\n",
        }
    }

    fn sdp(&self, version: u32, direction: &str) -> String {
        let port = match self.side {
            Side::Caller => "[field1]",
            Side::Agent => "[$port]",
        };
        SDP.replace("VERSION", &version.to_string()).replace("PORT", port).replace("DIRECTION", direction)
    }
}
