//! What a finding about traffic says first: the numbers that matter, and what its excerpt can do without.

use crate::source::Span;

/// A finding about traffic, told in short. Nothing in it is news: each part stands in the finding as well, at length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// Who does what to which traffic: `` `deny-all` (4096) drops snet → Storage:443 ``. One line.
    pub headline: String,
    /// Who does it, for several kinds of traffic at once: `` `deny-all` (4096) drops ``. Empty when nobody can be named,
    /// and where it is undecided.
    pub actor: String,
    /// What lets several kinds of traffic through that it drops: `` allow them ahead of `deny-all` (4096) ``. Empty when
    /// that cannot be said for all.
    pub cure: String,
    /// What is not known, for what is undecided: a sentence without its full stop.
    pub doubt: String,
    /// The traffic: `Storage.westeurope:443`.
    pub traffic: String,
    /// The place that needs it: `snet-training`.
    pub place: String,
    /// The facts that make it necessary.
    pub needed: Vec<Ground>,
    /// What must be so for it to matter, where that is not known: `hbi=true`.
    pub conditions: Vec<String>,
    /// The layers on the way and what each does, when more than one takes part.
    pub way: Option<String>,
    /// Places among the related ones that tell how things hang together rather than what is wrong.
    pub aside: Vec<Span>,
}

/// A fact that makes a requirement necessary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The fact and its value: `public-ip is true`.
    pub fact: String,
    /// Where the input says so.
    pub place: Option<Span>,
    /// Who says so, when no input does: `command line`.
    pub from: &'static str,
}

/// A flow taken apart: `outbound TCP 443 to Storage.westeurope`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic<'x> {
    inbound: bool,
    protocol: &'x str,
    ports: &'x str,
    peer: &'x str,
}

impl<'x> Traffic<'x> {
    /// Of the words of a requirement; `None` when they tell of no packets.
    pub(crate) fn of(flow: &'x str) -> Option<Self> {
        let (inbound, rest, between) = match flow.strip_prefix("inbound ") {
            Some(rest) => (true, rest, " from "),
            None => (false, flow.strip_prefix("outbound ")?, " to "),
        };
        let (what, peer) = rest.split_once(between)?;
        let (protocol, ports) = what.split_once(' ').unwrap_or((what, ""));
        Some(Self { inbound, protocol, ports, peer })
    }

    /// `Storage.westeurope:443`; what is not TCP says so.
    pub(crate) fn short(&self) -> String {
        let ports = if self.ports.is_empty() { String::new() } else { format!(":{}", self.ports) };
        let protocol =
            if self.protocol == "TCP" { String::new() } else { format!("/{}", self.protocol.to_lowercase()) };
        format!("{}{ports}{protocol}", self.peer)
    }

    /// The traffic with both of its ends.
    pub(crate) fn arrow(&self, place: &str) -> String {
        match self.inbound {
            false => format!("{place} → {}", self.short()),
            true => {
                let at_home = Traffic { peer: place, ..*self };
                format!("{} → {}", self.peer, at_home.short())
            }
        }
    }

    /// What is lost, as a sentence.
    pub(crate) fn lost(&self, place: &str) -> String {
        let (from, to) = if self.inbound { (self.peer, place) } else { (place, self.peer) };
        format!("{from} cannot reach {to} on {}", format!("{} {}", self.protocol, self.ports).trim_end())
    }
}

/// What holds when a requirement passes, as a sentence: `snet-training reaches Storage.westeurope on TCP 443`.
pub(crate) fn positive(flow: &str, place: &str) -> String {
    match Traffic::of(flow) {
        Some(traffic) => traffic.lost(place).replacen(" cannot reach ", " reaches ", 1),
        None => format!("{place} has {flow}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Traffic, positive};

    #[test]
    fn traffic_is_told_in_short_and_as_a_sentence() {
        let out = Traffic::of("outbound UDP 5831 to AzureMachineLearning").unwrap();
        assert_eq!(out.short(), "AzureMachineLearning:5831/udp");
        assert_eq!(out.arrow("snet"), "snet → AzureMachineLearning:5831/udp");
        let inbound = Traffic::of("inbound TCP 44224 from AzureMachineLearning").unwrap();
        assert_eq!(inbound.arrow("snet"), "AzureMachineLearning → snet:44224");
        assert_eq!(inbound.lost("snet"), "AzureMachineLearning cannot reach snet on TCP 44224");
        assert!(Traffic::of("a way out to the internet").is_none());
    }

    #[test]
    fn what_passes_has_a_name_of_its_own() {
        assert_eq!(positive("outbound TCP 443 to Storage", "snet"), "snet reaches Storage on TCP 443");
        assert_eq!(positive("a way out to the internet", "snet"), "snet has a way out to the internet");
        assert_eq!(positive("route A to next hop Internet", "snet"), "snet has route A to next hop Internet");
    }
}
