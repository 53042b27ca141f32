//! Services, tasks, registry, shares, printers, logs and files of one computer.

use super::Interface;

/// The interfaces.
pub(super) const TABLE: &[Interface] = &[
    // [MS-SCMR] 3.1.4.
    Interface::new(
        0x367a_bb81_9844_35f1_ad32_98f0_3800_1003,
        "svcctl",
        "RCloseServiceHandle RControlService RDeleteService RLockServiceDatabase RQueryServiceObjectSecurity \
         RSetServiceObjectSecurity RQueryServiceStatus RSetServiceStatus RUnlockServiceDatabase \
         RNotifyBootConfigStatus - RChangeServiceConfigW RCreateServiceW REnumDependentServicesW \
         REnumServicesStatusW ROpenSCManagerW ROpenServiceW RQueryServiceConfigW RQueryServiceLockStatusW \
         RStartServiceW RGetServiceDisplayNameW RGetServiceKeyNameW - RChangeServiceConfigA RCreateServiceA \
         REnumDependentServicesA REnumServicesStatusA ROpenSCManagerA ROpenServiceA RQueryServiceConfigA \
         RQueryServiceLockStatusA RStartServiceA RGetServiceDisplayNameA RGetServiceKeyNameA - REnumServiceGroupW \
         RChangeServiceConfig2A RChangeServiceConfig2W RQueryServiceConfig2A RQueryServiceConfig2W \
         RQueryServiceStatusEx REnumServicesStatusExA REnumServicesStatusExW - RCreateServiceWOW64A \
         RCreateServiceWOW64W - RNotifyServiceStatusChange RGetNotifyResults RCloseNotifyHandle RControlServiceExA \
         RControlServiceExW - - - - RQueryServiceConfigEx - - - RCreateWowService - - - ROpenSCManager2",
    ),
    // [MS-TSCH] 3.2.5.2.
    Interface::new(
        0x1ff7_0682_0a51_30e8_076d_740b_e8ce_e98b,
        "atsvc",
        "NetrJobAdd NetrJobDel NetrJobEnum NetrJobGetInfo",
    ),
    // [MS-TSCH] 3.2.5.3.
    Interface::new(
        0x378e_52b0_c0a9_11cf_822d_00aa_0051_e40f,
        "sasec",
        "SASetAccountInformation SASetNSAccountInformation SAGetNSAccountInformation SAGetAccountInformation",
    ),
    // [MS-TSCH] 3.2.5.4.
    Interface::new(
        0x86d3_5949_83c9_4044_b424_db36_3231_fd0c,
        "ITaskSchedulerService",
        "SchRpcHighestVersion SchRpcRegisterTask SchRpcRetrieveTask SchRpcCreateFolder SchRpcSetSecurity \
         SchRpcGetSecurity SchRpcEnumFolders SchRpcEnumTasks SchRpcEnumInstances SchRpcGetInstanceInfo \
         SchRpcStopInstance SchRpcStop SchRpcRun SchRpcDelete SchRpcRename SchRpcScheduledRuntimes \
         SchRpcGetLastRunInfo SchRpcGetTaskInfo SchRpcGetNumberOfMissedRuns SchRpcEnableTask",
    ),
    // [MS-RRP] 3.1.5.
    Interface::new(
        0x338c_d001_2244_31f1_aaaa_9000_3800_1003,
        "winreg",
        "OpenClassesRoot OpenCurrentUser OpenLocalMachine OpenPerformanceData OpenUsers BaseRegCloseKey \
         BaseRegCreateKey BaseRegDeleteKey BaseRegDeleteValue BaseRegEnumKey BaseRegEnumValue BaseRegFlushKey \
         BaseRegGetKeySecurity BaseRegLoadKey - BaseRegOpenKey BaseRegQueryInfoKey BaseRegQueryValue \
         BaseRegReplaceKey BaseRegRestoreKey BaseRegSaveKey BaseRegSetKeySecurity BaseRegSetValue BaseRegUnLoadKey \
         - - BaseRegGetVersion OpenCurrentConfig - BaseRegQueryMultipleValues - BaseRegSaveKeyEx \
         OpenPerformanceText OpenPerformanceNlsText BaseRegQueryMultipleValues2 BaseRegDeleteKeyEx",
    ),
    // [MS-SRVS] 3.1.4.
    Interface::new(
        0x4b32_4fc8_1670_01d3_1278_5a47_bf6e_e188,
        "srvsvc",
        "- - - - - - - - NetrConnectionEnum NetrFileEnum NetrFileGetInfo NetrFileClose NetrSessionEnum \
         NetrSessionDel NetrShareAdd NetrShareEnum NetrShareGetInfo NetrShareSetInfo NetrShareDel \
         NetrShareDelSticky NetrShareCheck NetrServerGetInfo NetrServerSetInfo NetrServerDiskEnum \
         NetrServerStatisticsGet NetrServerTransportAdd NetrServerTransportEnum NetrServerTransportDel \
         NetrRemoteTOD - NetprPathType NetprPathCanonicalize NetprPathCompare NetprNameValidate \
         NetprNameCanonicalize NetprNameCompare NetrShareEnumSticky NetrShareDelStart NetrShareDelCommit \
         NetrpGetFileSecurity NetrpSetFileSecurity NetrServerTransportAddEx - NetrDfsGetVersion \
         NetrDfsCreateLocalPartition NetrDfsDeleteLocalPartition NetrDfsSetLocalVolumeState - \
         NetrDfsCreateExitPoint NetrDfsDeleteExitPoint NetrDfsModifyPrefix NetrDfsFixLocalVolume \
         NetrDfsManagerReportSiteInfo NetrServerTransportDelEx NetrServerAliasAdd NetrServerAliasEnum \
         NetrServerAliasDel NetrShareDelEx",
    ),
    // [MS-WKST] 3.2.4.
    Interface::new(
        0x6bff_d098_a112_3610_9833_46c3_f87e_345a,
        "wkssvc",
        "NetrWkstaGetInfo NetrWkstaSetInfo NetrWkstaUserEnum - - NetrWkstaTransportEnum NetrWkstaTransportAdd \
         NetrWkstaTransportDel NetrUseAdd NetrUseGetInfo NetrUseDel NetrUseEnum - NetrWorkstationStatisticsGet - - \
         - - - - NetrGetJoinInformation - NetrJoinDomain2 NetrUnjoinDomain2 NetrRenameMachineInDomain2 \
         NetrValidateName2 NetrGetJoinableOUs2 NetrAddAlternateComputerName NetrRemoveAlternateComputerName \
         NetrSetPrimaryComputerName NetrEnumerateComputerNames",
    ),
    // [MS-RPRN] 3.1.4.
    Interface::new(
        0x1234_5678_1234_abcd_ef00_0123_4567_89ab,
        "spoolss",
        "RpcEnumPrinters RpcOpenPrinter RpcSetJob RpcGetJob RpcEnumJobs RpcAddPrinter RpcDeletePrinter \
         RpcSetPrinter RpcGetPrinter RpcAddPrinterDriver RpcEnumPrinterDrivers RpcGetPrinterDriver \
         RpcGetPrinterDriverDirectory RpcDeletePrinterDriver RpcAddPrintProcessor RpcEnumPrintProcessors \
         RpcGetPrintProcessorDirectory RpcStartDocPrinter RpcStartPagePrinter RpcWritePrinter RpcEndPagePrinter \
         RpcAbortPrinter RpcReadPrinter RpcEndDocPrinter RpcAddJob RpcScheduleJob RpcGetPrinterData \
         RpcSetPrinterData RpcWaitForPrinterChange RpcClosePrinter RpcAddForm RpcDeleteForm RpcGetForm RpcSetForm \
         RpcEnumForms RpcEnumPorts RpcEnumMonitors - - - RpcCreatePrinterIC RpcPlayGdiScriptOnPrinterIC \
         RpcDeletePrinterIC - - - RpcAddMonitor RpcDeleteMonitor RpcDeletePrintProcessor - - \
         RpcEnumPrintProcessorDatatypes RpcResetPrinter RpcGetPrinterDriver2 - - \
         RpcFindClosePrinterChangeNotification - RpcReplyOpenPrinter RpcRouterReplyPrinter RpcReplyClosePrinter \
         RpcAddPortEx RpcRemoteFindFirstPrinterChangeNotification - - RpcRemoteFindFirstPrinterChangeNotificationEx \
         RpcRouterReplyPrinterEx RpcRouterRefreshPrinterChangeNotification - RpcOpenPrinterEx RpcAddPrinterEx \
         RpcSetPort RpcEnumPrinterData RpcDeletePrinterData - - - RpcSetPrinterDataEx RpcGetPrinterDataEx \
         RpcEnumPrinterDataEx RpcEnumPrinterKey RpcDeletePrinterDataEx RpcDeletePrinterKey - \
         RpcDeletePrinterDriverEx RpcAddPerMachineConnection RpcDeletePerMachineConnection \
         RpcEnumPerMachineConnections RpcXcvData RpcAddPrinterDriverEx",
    ),
    // [MS-PAR] 3.1.4.
    Interface::new(
        0x76f0_3f96_cdfd_44fc_a22c_6495_0a00_1209,
        "IRemoteWinspool",
        "RpcAsyncOpenPrinter RpcAsyncAddPrinter RpcAsyncSetJob RpcAsyncGetJob RpcAsyncEnumJobs RpcAsyncAddJob \
         RpcAsyncScheduleJob RpcAsyncDeletePrinter RpcAsyncSetPrinter RpcAsyncGetPrinter RpcAsyncStartDocPrinter \
         RpcAsyncStartPagePrinter RpcAsyncWritePrinter RpcAsyncEndPagePrinter RpcAsyncEndDocPrinter \
         RpcAsyncAbortPrinter RpcAsyncGetPrinterData RpcAsyncGetPrinterDataEx RpcAsyncSetPrinterData \
         RpcAsyncSetPrinterDataEx RpcAsyncClosePrinter RpcAsyncAddForm RpcAsyncDeleteForm RpcAsyncGetForm \
         RpcAsyncSetForm RpcAsyncEnumForms RpcAsyncGetPrinterDriver RpcAsyncEnumPrinterData \
         RpcAsyncEnumPrinterDataEx RpcAsyncEnumPrinterKey RpcAsyncDeletePrinterData RpcAsyncDeletePrinterDataEx \
         RpcAsyncDeletePrinterKey RpcAsyncXcvData RpcAsyncSendRecvBidiData RpcAsyncCreatePrinterIC \
         RpcAsyncPlayGdiScriptOnPrinterIC RpcAsyncDeletePrinterIC RpcAsyncEnumPrinters RpcAsyncAddPrinterDriver",
    ),
    // [MS-EFSR] 3.1.4, at the pipe lsarpc.
    Interface::new(
        0xc681_d488_d850_11d0_8c52_00c0_4fd9_0f7e,
        "efsrpc",
        "EfsRpcOpenFileRaw EfsRpcReadFileRaw EfsRpcWriteFileRaw EfsRpcCloseRaw EfsRpcEncryptFileSrv \
         EfsRpcDecryptFileSrv EfsRpcQueryUsersOnFile EfsRpcQueryRecoveryAgents EfsRpcRemoveUsersFromFile \
         EfsRpcAddUsersToFile - EfsRpcNotSupported EfsRpcFileKeyInfo EfsRpcDuplicateEncryptionInfoFile - \
         EfsRpcAddUsersToFileEx EfsRpcFileKeyInfoEx - EfsRpcGetEncryptedFileMetadata EfsRpcSetEncryptedFileMetadata \
         EfsRpcFlushEfsCache EfsRpcEncryptFileExSrv EfsRpcQueryProtectors",
    ),
    // [MS-EFSR] 3.1.4, at the pipe efsrpc.
    Interface::new(
        0xdf19_41c5_fe89_4e79_bf10_4636_57ac_f44d,
        "efsrpc",
        "EfsRpcOpenFileRaw EfsRpcReadFileRaw EfsRpcWriteFileRaw EfsRpcCloseRaw EfsRpcEncryptFileSrv \
         EfsRpcDecryptFileSrv EfsRpcQueryUsersOnFile EfsRpcQueryRecoveryAgents EfsRpcRemoveUsersFromFile \
         EfsRpcAddUsersToFile - EfsRpcNotSupported EfsRpcFileKeyInfo EfsRpcDuplicateEncryptionInfoFile - \
         EfsRpcAddUsersToFileEx EfsRpcFileKeyInfoEx - EfsRpcGetEncryptedFileMetadata EfsRpcSetEncryptedFileMetadata \
         EfsRpcFlushEfsCache EfsRpcEncryptFileExSrv EfsRpcQueryProtectors",
    ),
    // [MS-DFSNM] 3.1.4.
    Interface::new(
        0x4fc7_42e0_4a10_11cf_8273_00aa_004a_e673,
        "netdfs",
        "NetrDfsManagerGetVersion NetrDfsAdd NetrDfsRemove NetrDfsSetInfo NetrDfsGetInfo NetrDfsEnum NetrDfsMove - \
         - - NetrDfsAddFtRoot NetrDfsRemoveFtRoot NetrDfsAddStdRoot NetrDfsRemoveStdRoot NetrDfsManagerInitialize \
         NetrDfsAddStdRootForced NetrDfsGetDcAddress NetrDfsSetDcAddress NetrDfsFlushFtTable NetrDfsAdd2 \
         NetrDfsRemove2 NetrDfsEnumEx NetrDfsSetInfo2 NetrDfsAddRootTarget NetrDfsRemoveRootTarget \
         NetrDfsGetSupportedNamespaceVersion",
    ),
    // [MS-FSRVP] 3.1.4.
    Interface::new(
        0xa8e0_653c_2744_4389_a61d_7373_df8b_2292,
        "FssagentRpc",
        "GetSupportedVersion SetContext StartShadowCopySet AddToShadowCopySet CommitShadowCopySet \
         ExposeShadowCopySet RecoveryCompleteShadowCopySet AbortShadowCopySet IsPathSupported IsPathShadowCopied \
         GetShareMapping DeleteShareMapping PrepareShadowCopySet",
    ),
    // [MS-EVEN] 3.1.4.
    Interface::new(
        0x8227_3fdc_e32a_18c3_3f78_8279_29dc_23ea,
        "eventlog",
        "ElfrClearELFW ElfrBackupELFW ElfrCloseEL ElfrDeregisterEventSource ElfrNumberOfRecords ElfrOldestRecord \
         ElfrChangeNotify ElfrOpenELW ElfrRegisterEventSourceW ElfrOpenBELW ElfrReadELW ElfrReportEventW \
         ElfrClearELFA ElfrBackupELFA ElfrOpenELA ElfrRegisterEventSourceA ElfrOpenBELA ElfrReadELA \
         ElfrReportEventA - - - ElfrGetLogInformation - ElfrReportEventAndSourceW ElfrReportEventExW \
         ElfrReportEventExA",
    ),
    // [MS-EVEN6] 3.1.4.
    Interface::new(
        0xf6be_aff7_1e19_4fbb_9f8f_b89e_2018_337c,
        "IEventService",
        "EvtRpcRegisterRemoteSubscription EvtRpcRemoteSubscriptionNextAsync EvtRpcRemoteSubscriptionNext \
         EvtRpcRemoteSubscriptionWaitAsync EvtRpcRegisterControllableOperation EvtRpcRegisterLogQuery \
         EvtRpcClearLog EvtRpcExportLog EvtRpcLocalizeExportLog EvtRpcMessageRender EvtRpcMessageRenderDefault \
         EvtRpcQueryNext EvtRpcQuerySeek EvtRpcClose EvtRpcCancel EvtRpcAssertConfig EvtRpcRetractConfig \
         EvtRpcOpenLogHandle EvtRpcGetLogFileInfo EvtRpcGetChannelList EvtRpcGetChannelConfig \
         EvtRpcPutChannelConfig EvtRpcGetPublisherList",
    ),
    // [MS-RSP] 3.2.4.
    Interface::new(
        0x894d_e0c0_0d55_11d3_a322_00c0_4fa3_21a1,
        "InitShutdown",
        "BaseInitiateShutdown BaseAbortShutdown BaseInitiateShutdownEx",
    ),
    // [MS-RSP] 3.3.4.
    Interface::new(
        0xd95a_fe70_a6d5_4259_822e_2c84_da1d_db0d,
        "WindowsShutdown",
        "WsdrInitiateShutdown WsdrAbortShutdown",
    ),
    // [MS-TSTS] 3.3.4.1.
    Interface::new(
        0x4848_09d6_4239_471b_b5bc_61df_8c23_ac48,
        "TermSrvSession",
        "RpcOpenSession RpcCloseSession RpcConnect RpcDisconnect RpcLogoff RpcGetUserName RpcGetTerminalName \
         RpcGetState RpcIsSessionDesktopLocked RpcShowMessageBox RpcGetTimes RpcGetSessionCounters \
         RpcGetSessionInformation",
    ),
    // [MS-TSTS] 3.3.4.2.
    Interface::new(
        0x8814_3fd0_c28d_4b2b_8fef_8d88_2f6a_9390,
        "TermSrvEnumeration",
        "RpcOpenEnum RpcCloseEnum RpcFilterByState RpcFilterByCallersName RpcEnumAddFilter RpcGetEnumResult",
    ),
    // [MS-DLTW] 3.1.4.
    Interface::new(0x300f_3532_38cc_11d0_a3f0_0020_af6b_0add, "trkwks", ""),
    // [MS-W32T] 3.2.5.
    Interface::new(
        0x8fb6_d884_2388_11d0_8c35_00c0_4fda_2795,
        "W32Time",
        "W32TimeSync W32TimeGetNetlogonServiceBits W32TimeQueryProviderStatus",
    ),
    // [MS-MSRP] 3.2.4.
    Interface::new(
        0x5a7b_91f8_ff00_11d0_a9b2_00c0_4fb6_e6fc,
        "msgsvcsend",
        "NetrSendMessage",
    ),
    // [MS-FASP] 3.1.4.
    Interface::new(0x6b5b_dd1e_528c_422c_af8c_a407_9be4_fe48, "RemoteFW", ""),
    // [MS-RPCE] services: plug and play.
    Interface::new(0x8d9f_4e40_a03d_11ce_8f69_0800_3e30_051b, "pnp", ""),
    // C706 App. O.
    Interface::new(
        0xe1af_8308_5d1f_11c9_91a4_0800_2b14_a0fa,
        "epmapper",
        "ept_insert ept_delete ept_lookup ept_map ept_lookup_handle_free ept_inq_object ept_mgmt_delete",
    ),
    // C706 App. Q.
    Interface::new(
        0xafa8_bd80_7d8a_11c9_bef4_0800_2b10_2989,
        "mgmt",
        "inq_if_ids inq_stats is_server_listening stop_server_listening inq_princ_name",
    ),
];
