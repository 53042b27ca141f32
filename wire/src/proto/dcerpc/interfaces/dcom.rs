//! Distributed objects, and the management instrumentation built on them. The first three operations of an object are local.

use super::Interface;

/// The interfaces.
pub(super) const TABLE: &[Interface] = &[
    // [MS-DCOM] 3.1.2.5.1.
    Interface::new(
        0x99fc_fec4_5260_101b_bbcb_00aa_0021_347a,
        "IObjectExporter",
        "ResolveOxid SimplePing ComplexPing ServerAlive ResolveOxid2 ServerAlive2",
    ),
    // [MS-DCOM] 3.1.2.5.2.3.
    Interface::new(
        0x0000_01a0_0000_0000_c000_0000_0000_0046,
        "IRemoteSCMActivator",
        "- - - RemoteGetClassObject RemoteCreateInstance",
    ),
    // [MS-DCOM] 3.1.2.5.2.2.
    Interface::new(
        0x4d9f_4ab8_7d1c_11cf_861e_0020_af6e_7c57,
        "IActivation",
        "RemoteActivation",
    ),
    // [MS-DCOM] 3.1.1.5.6.
    Interface::new(
        0x0000_0131_0000_0000_c000_0000_0000_0046,
        "IRemUnknown",
        "- - - RemQueryInterface RemAddRef RemRelease",
    ),
    // [MS-DCOM] 3.1.1.5.7.
    Interface::new(
        0x0000_0143_0000_0000_c000_0000_0000_0046,
        "IRemUnknown2",
        "- - - RemQueryInterface RemAddRef RemRelease RemQueryInterface2",
    ),
    // [MS-OAUT] 3.1.4.
    Interface::new(
        0x0002_0400_0000_0000_c000_0000_0000_0046,
        "IDispatch",
        "- - - GetTypeInfoCount GetTypeInfo GetIDsOfNames Invoke",
    ),
    // [MS-WMI] 3.1.4.1.
    Interface::new(
        0xf309_ad18_d86a_11d0_a075_00c0_4fb6_8820,
        "IWbemLevel1Login",
        "- - - EstablishPosition RequestChallenge WBEMLogin NTLMLogin",
    ),
    // [MS-WMI] 3.1.4.7.
    Interface::new(
        0xd478_1cd6_e5d3_44df_ad94_930e_fe48_a887,
        "IWbemLoginClientID",
        "- - - SetClientInfo",
    ),
    // [MS-WMI] 3.1.4.8.
    Interface::new(
        0x5416_79ab_2e5f_11d3_b34e_0010_4bcc_4b4a,
        "IWbemLoginHelper",
        "- - - SetEvent",
    ),
    // [MS-WMI] 3.1.4.3.
    Interface::new(
        0x9556_dc99_828c_11cf_a37e_00aa_0032_40c7,
        "IWbemServices",
        "- - - OpenNamespace CancelAsyncCall QueryObjectSink GetObject GetObjectAsync PutClass PutClassAsync \
         DeleteClass DeleteClassAsync CreateClassEnum CreateClassEnumAsync PutInstance PutInstanceAsync \
         DeleteInstance DeleteInstanceAsync CreateInstanceEnum CreateInstanceEnumAsync ExecQuery ExecQueryAsync \
         ExecNotificationQuery ExecNotificationQueryAsync ExecMethod ExecMethodAsync",
    ),
    // [MS-WMI] 3.1.4.4.
    Interface::new(
        0x0279_47e1_d731_11ce_a357_0000_0000_0001,
        "IEnumWbemClassObject",
        "- - - Reset Next NextAsync Clone Skip",
    ),
    // [MS-WMI] 3.1.4.6.
    Interface::new(
        0x1c1c_45ee_4395_11d2_b60b_0010_4b70_3efd,
        "IWbemFetchSmartEnum",
        "- - - GetSmartEnum",
    ),
    // [MS-WMI] 3.1.4.5.
    Interface::new(
        0x423e_c01e_2e35_11d2_b604_0010_4b70_3efd,
        "IWbemWCOSmartEnum",
        "- - - Next",
    ),
    // [MS-WMI] 3.1.4.2.
    Interface::new(
        0x7c85_7801_7381_11cf_884d_00aa_004b_2e24,
        "IWbemObjectSink",
        "- - - Indicate SetStatus",
    ),
    // [MS-WMI] 3.1.4.12.
    Interface::new(
        0x2c92_73e0_1dc3_11d3_b364_0010_5a1f_8177,
        "IWbemRefreshingServices",
        "- - - AddObjectToRefresher AddObjectToRefresherByTemplate AddEnumToRefresher RemoveObjectFromRefresher \
         GetRemoteRefresher ReconnectRemoteRefresher",
    ),
];
