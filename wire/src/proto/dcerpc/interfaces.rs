//! Interfaces of Windows that matter to its security, and the operations they have.

mod dcom;
mod directory;
mod system;

/// An interface.
#[derive(Debug)]
pub(super) struct Interface {
    /// Identifier, its fields in the order in which they are written.
    uuid: u128,
    /// Name.
    pub(super) name: &'static str,
    /// Names of its operations in the order of their numbers, separated by spaces; `-` for one that is not called.
    operations: &'static str,
}

impl Interface {
    const fn new(uuid: u128, name: &'static str, operations: &'static str) -> Self {
        Self {
            uuid,
            name,
            operations,
        }
    }

    /// Name of an operation.
    pub(super) fn operation(&self, opnum: u16) -> Option<&'static str> {
        let mut names = self.operations.split_ascii_whitespace();
        names.nth(usize::from(opnum)).filter(|name| *name != "-")
    }

    /// It maps interfaces to their endpoints (C706 App. O).
    pub(super) fn is_mapper(&self) -> bool {
        self.name == "epmapper"
    }
}

/// The interface with this identifier, if it is one of ours.
pub(super) fn find(uuid: u128) -> Option<&'static Interface> {
    let tables = [directory::TABLE, system::TABLE, dcom::TABLE];
    let mut all = tables.into_iter().flatten();
    all.find(|interface| interface.uuid == uuid)
}

/// Identifier at `at`, whose first three fields are little-endian.
pub(super) fn uuid(data: &[u8], at: usize) -> Option<u128> {
    let raw: [u8; 16] = data.get(at..at.checked_add(16)?)?.try_into().ok()?;
    let [a, b, c, d, e, f, g, h, rest @ ..] = raw;
    let [i, j, k, l, m, n, o, p] = rest;
    Some(u128::from_be_bytes([
        d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p,
    ]))
}

/// Identifier as text.
pub(super) fn uuid_text(uuid: u128) -> String {
    let digits = format!("{uuid:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or(""));
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::{dcom, directory, find, system, uuid, uuid_text};

    /// Numbers of operations that detectors depend on, as the specifications have them.
    const KNOWN: &str = "svcctl 12 RCreateServiceW, svcctl 19 RStartServiceW, svcctl 64 ROpenSCManager2, \
        samr 64 SamrConnect5, samr 73 SamrUnicodeChangePasswordUser4, lsarpc 76 LsarLookupSids3, \
        drsuapi 3 DRSGetNCChanges, drsuapi 30 DRSReadNgcKey, netlogon 26 NetrServerAuthenticate3, \
        netlogon 30 NetrServerPasswordSet2, netlogon 49 NetrChainSetClientAttributes, srvsvc 12 NetrSessionEnum, \
        srvsvc 57 NetrShareDelEx, wkssvc 2 NetrWkstaUserEnum, wkssvc 30 NetrEnumerateComputerNames, \
        ITaskSchedulerService 12 SchRpcRun, winreg 20 BaseRegSaveKey, winreg 31 BaseRegSaveKeyEx, \
        spoolss 65 RpcRemoteFindFirstPrinterChangeNotificationEx, spoolss 89 RpcAddPrinterDriverEx, \
        IRemoteWinspool 39 RpcAsyncAddPrinterDriver, efsrpc 0 EfsRpcOpenFileRaw, efsrpc 21 EfsRpcEncryptFileExSrv, \
        netdfs 12 NetrDfsAddStdRoot, netdfs 21 NetrDfsEnumEx, FssagentRpc 8 IsPathSupported, \
        IWbemServices 20 ExecQuery, IWbemServices 24 ExecMethod, IRemoteSCMActivator 4 RemoteCreateInstance, \
        epmapper 3 ept_map, eventlog 0 ElfrClearELFW, IEventService 6 EvtRpcClearLog, DnsServer 5 R_DnssrvOperation2";

    #[test]
    fn operations() {
        for line in KNOWN.split(", ") {
            let [name, opnum, operation] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let all = [directory::TABLE, system::TABLE, dcom::TABLE];
            let interface = all.into_iter().flatten().find(|known| known.name == name);
            let found = interface.unwrap().operation(opnum.parse().unwrap());
            assert_eq!(found, Some(operation), "{line}");
        }
        let svcctl = find(0x367a_bb81_9844_35f1_ad32_98f0_3800_1003).unwrap();
        assert_eq!((svcctl.operation(10), svcctl.operation(999)), (None, None));
        assert!(find(1).is_none());
    }

    /// No identifier stands in the tables twice.
    #[test]
    fn identifiers_are_unique() {
        let all = [directory::TABLE, system::TABLE, dcom::TABLE];
        let mut known = std::collections::BTreeSet::new();
        for interface in all.into_iter().flatten() {
            assert!(known.insert(interface.uuid), "{}", interface.name);
        }
    }

    /// Identifiers read from the wire and written as text.
    #[test]
    fn identifiers() {
        let wire = [
            0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0, 0x10,
            3,
        ];
        let id = uuid(&wire, 0).unwrap();
        assert_eq!(uuid_text(id), "367abb81-9844-35f1-ad32-98f038001003");
        assert_eq!(uuid(&wire, 1), None);
    }
}
