//! Socket addresses as the kernel writes them, converted without allocation: twice a packet.
#![allow(unsafe_code)] // reads and writes the kernel's structures in place

use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// An IP address and port in the kernel's form; it may write a source address into it.
#[derive(Clone, Copy)]
pub(super) struct KernelAddress {
    storage: Storage,
    len: libc::socklen_t,
}

/// Not `sockaddr_storage`, whose 128 octets would be cleared twice a packet.
#[derive(Clone, Copy)]
#[repr(C)]
union Storage {
    family: libc::sa_family_t,
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl KernelAddress {
    pub(super) const ROOM: libc::socklen_t = size_of::<Storage>() as libc::socklen_t;

    pub(super) fn empty() -> Self {
        // SAFETY: every member is plain data for which all zeroes is a valid value.
        KernelAddress { storage: unsafe { zeroed() }, len: Self::ROOM }
    }

    pub(super) fn of(address: SocketAddr) -> Self {
        let mut kernel = Self::empty();
        match address {
            SocketAddr::V4(v4) => {
                // SAFETY: the storage is zeroed, which is a valid sockaddr_in.
                let raw = unsafe { &mut kernel.storage.v4 };
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = v4.port().to_be();
                raw.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                kernel.len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SocketAddr::V6(v6) => {
                // SAFETY: the storage is zeroed, which is a valid sockaddr_in6.
                let raw = unsafe { &mut kernel.storage.v6 };
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = v6.port().to_be();
                raw.sin6_addr.s6_addr = v6.ip().octets();
                raw.sin6_flowinfo = v6.flowinfo();
                raw.sin6_scope_id = v6.scope_id();
                kernel.len = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            }
        }
        kernel
    }

    /// From the octets of an address the kernel has written.
    pub(super) fn from_octets(octets: &[u8]) -> Option<SocketAddr> {
        let mut kernel = Self::empty();
        if octets.len() > Self::ROOM as usize {
            return None;
        }
        // SAFETY: the storage is plain data, at least as long as the octets, and overlaps nothing.
        unsafe {
            let storage = (&raw mut kernel.storage).cast::<u8>();
            std::ptr::copy_nonoverlapping(octets.as_ptr(), storage, octets.len());
        }
        kernel.get()
    }

    /// `None` for a family that is not IP.
    pub(super) fn get(&self) -> Option<SocketAddr> {
        // SAFETY: every member begins with the family, and no bit pattern of it is invalid.
        match i32::from(unsafe { self.storage.family }) {
            libc::AF_INET => {
                // SAFETY: the family says the storage holds a sockaddr_in; both are plain data.
                let raw = unsafe { &self.storage.v4 };
                let ip = Ipv4Addr::from(raw.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddrV4::new(ip, u16::from_be(raw.sin_port)).into())
            }
            libc::AF_INET6 => {
                // SAFETY: the family says the storage holds a sockaddr_in6; both are plain data.
                let raw = unsafe { &self.storage.v6 };
                let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
                Some(SocketAddrV6::new(ip, u16::from_be(raw.sin6_port), raw.sin6_flowinfo, raw.sin6_scope_id).into())
            }
            _ => None,
        }
    }

    pub(super) fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    pub(super) fn len(&self) -> libc::socklen_t {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_the_kernels_form() {
        for text in ["192.0.2.1:4000", "[2001:db8::1]:65535", "[fe80::1%3]:1"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(KernelAddress::of(address).get(), Some(address));
        }
        assert_eq!(KernelAddress::empty().get(), None);
    }
}
