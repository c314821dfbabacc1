//! Where a file is: several processes share it by locks and by memory, which a file system over a
//! network does not have, or only pretends to have.

use std::io;
use std::path::Path;

/// Returns the name of the network file system that a directory is on, as far as that is known: on
/// Linux, by the number that each kind has.
#[cfg(target_os = "linux")]
pub(crate) fn network_of(directory: &Path) -> io::Result<Option<&'static str>> {
    // How wide the number is, and whether it has a sign, is another matter on each machine.
    let told = i128::from(rustix::fs::statfs(directory)?.f_type) & 0xFFFF_FFFF;
    Ok(u32::try_from(told).ok().and_then(named))
}

/// Nothing is known elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn network_of(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

#[cfg(target_os = "linux")]
fn named(kind: u32) -> Option<&'static str> {
    const KINDS: [(u32, &str); 14] = [
        (0x6969, "NFS"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB"),
        (0x517B, "SMB"),
        (0x564C, "NCP"),
        (0x5346_414F, "AFS"),
        (0x6B41_4653, "AFS"),
        (0x7375_7245, "Coda"),
        (0x00C3_6400, "Ceph"),
        (0x0102_1997, "9P"),
        (0x0BD0_0BD0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x1983_0326, "BeeGFS"),
        (0x0116_1970, "GFS2"),
    ];
    let mut known = KINDS.iter();
    known
        .find(|(number, _)| *number == kind)
        .map(|(_, name)| *name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_number_and_a_disk_is_none() {
        assert_eq!(named(0x6969), Some("NFS"));
        assert_eq!(named(0xFF53_4D42), Some("CIFS"));
        assert_eq!(named(0xEF53), None, "ext4");
        assert_eq!(named(0x0102_1994), None, "tmpfs");
        let here = tempfile::tempdir().unwrap();
        assert_eq!(network_of(here.path()).unwrap(), None);
    }
}
