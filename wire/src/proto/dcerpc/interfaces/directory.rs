//! Accounts, policies, logins and replication of a domain.

use super::Interface;

/// The interfaces.
pub(super) const TABLE: &[Interface] = &[
    // [MS-SAMR] 3.1.5.
    Interface::new(
        0x1234_5778_1234_abcd_ef00_0123_4567_89ac,
        "samr",
        "SamrConnect SamrCloseHandle SamrSetSecurityObject SamrQuerySecurityObject - SamrLookupDomainInSamServer \
         SamrEnumerateDomainsInSamServer SamrOpenDomain SamrQueryInformationDomain SamrSetInformationDomain \
         SamrCreateGroupInDomain SamrEnumerateGroupsInDomain SamrCreateUserInDomain SamrEnumerateUsersInDomain \
         SamrCreateAliasInDomain SamrEnumerateAliasesInDomain SamrGetAliasMembership SamrLookupNamesInDomain \
         SamrLookupIdsInDomain SamrOpenGroup SamrQueryInformationGroup SamrSetInformationGroup SamrAddMemberToGroup \
         SamrDeleteGroup SamrRemoveMemberFromGroup SamrGetMembersInGroup SamrSetMemberAttributesOfGroup \
         SamrOpenAlias SamrQueryInformationAlias SamrSetInformationAlias SamrDeleteAlias SamrAddMemberToAlias \
         SamrRemoveMemberFromAlias SamrGetMembersInAlias SamrOpenUser SamrDeleteUser SamrQueryInformationUser \
         SamrSetInformationUser SamrChangePasswordUser SamrGetGroupsForUser SamrQueryDisplayInformation \
         SamrGetDisplayEnumerationIndex - - SamrGetUserDomainPasswordInformation SamrRemoveMemberFromForeignDomain \
         SamrQueryInformationDomain2 SamrQueryInformationUser2 SamrQueryDisplayInformation2 \
         SamrGetDisplayEnumerationIndex2 SamrCreateUser2InDomain SamrQueryDisplayInformation3 \
         SamrAddMultipleMembersToAlias SamrRemoveMultipleMembersFromAlias SamrOemChangePasswordUser2 \
         SamrUnicodeChangePasswordUser2 SamrGetDomainPasswordInformation SamrConnect2 SamrSetInformationUser2 - - - \
         SamrConnect4 - SamrConnect5 SamrRidToSid SamrSetDSRMPassword SamrValidatePassword - - - - - \
         SamrUnicodeChangePasswordUser4",
    ),
    // [MS-LSAD] 3.1.4, [MS-LSAT] 3.1.4.
    Interface::new(
        0x1234_5778_1234_abcd_ef00_0123_4567_89ab,
        "lsarpc",
        "LsarClose LsarDelete LsarEnumeratePrivileges LsarQuerySecurityObject LsarSetSecurityObject \
         LsarChangePassword LsarOpenPolicy LsarQueryInformationPolicy LsarSetInformationPolicy LsarClearAuditLog \
         LsarCreateAccount LsarEnumerateAccounts LsarCreateTrustedDomain LsarEnumerateTrustedDomains \
         LsarLookupNames LsarLookupSids LsarCreateSecret LsarOpenAccount LsarEnumeratePrivilegesAccount \
         LsarAddPrivilegesToAccount LsarRemovePrivilegesFromAccount LsarGetQuotasForAccount LsarSetQuotasForAccount \
         LsarGetSystemAccessAccount LsarSetSystemAccessAccount LsarOpenTrustedDomain LsarQueryInfoTrustedDomain \
         LsarSetInformationTrustedDomain LsarOpenSecret LsarSetSecret LsarQuerySecret LsarLookupPrivilegeValue \
         LsarLookupPrivilegeName LsarLookupPrivilegeDisplayName LsarDeleteObject LsarEnumerateAccountsWithUserRight \
         LsarEnumerateAccountRights LsarAddAccountRights LsarRemoveAccountRights LsarQueryTrustedDomainInfo \
         LsarSetTrustedDomainInfo LsarDeleteTrustedDomain LsarStorePrivateData LsarRetrievePrivateData \
         LsarOpenPolicy2 LsarGetUserName LsarQueryInformationPolicy2 LsarSetInformationPolicy2 \
         LsarQueryTrustedDomainInfoByName LsarSetTrustedDomainInfoByName LsarEnumerateTrustedDomainsEx \
         LsarCreateTrustedDomainEx - LsarQueryDomainInformationPolicy LsarSetDomainInformationPolicy \
         LsarOpenTrustedDomainByName - LsarLookupSids2 LsarLookupNames2 LsarCreateTrustedDomainEx2 CredrWrite \
         CredrRead CredrEnumerate CredrWriteDomainCredentials CredrReadDomainCredentials CredrDelete \
         CredrGetTargetInfo CredrProfileLoaded LsarLookupNames3 CredrGetSessionTypes LsarRegisterAuditEvent \
         LsarGenAuditEvent LsarUnregisterAuditEvent LsarQueryForestTrustInformation LsarSetForestTrustInformation \
         CredrRename LsarLookupSids3 LsarLookupNames4",
    ),
    // [MS-DRSR] 4.1.
    Interface::new(
        0xe351_4235_4b06_11d1_ab04_00c0_4fc2_dcd2,
        "drsuapi",
        "DRSBind DRSUnbind DRSReplicaSync DRSGetNCChanges DRSUpdateRefs DRSReplicaAdd DRSReplicaDel \
         DRSReplicaModify DRSVerifyNames DRSGetMemberships DRSInterDomainMove DRSGetNT4ChangeLog DRSCrackNames \
         DRSWriteSPN DRSRemoveDsServer DRSRemoveDsDomain DRSDomainControllerInfo DRSAddEntry DRSExecuteKCC \
         DRSGetReplInfo DRSAddSidHistory DRSGetMemberships2 DRSReplicaVerifyObjects DRSGetObjectExistence \
         DRSQuerySitesByCost DRSInitDemotion DRSReplicaDemotion DRSFinishDemotion DRSAddCloneDC DRSWriteNgcKey \
         DRSReadNgcKey",
    ),
    // [MS-DRSR] 4.2.
    Interface::new(
        0x7c44_d7d4_31d5_424c_bd5e_2b3e_1f32_3d22,
        "dsaop",
        "DSAPrepareScript DSAExecuteScript",
    ),
    // [MS-NRPC] 3.5.4.
    Interface::new(
        0x1234_5678_1234_abcd_ef00_0123_4567_cffb,
        "netlogon",
        "NetrLogonUasLogon NetrLogonUasLogoff NetrLogonSamLogon NetrLogonSamLogoff NetrServerReqChallenge \
         NetrServerAuthenticate NetrServerPasswordSet NetrDatabaseDeltas NetrDatabaseSync NetrAccountDeltas \
         NetrAccountSync NetrGetDCName NetrLogonControl NetrGetAnyDCName NetrLogonControl2 NetrServerAuthenticate2 \
         NetrDatabaseSync2 NetrDatabaseRedo NetrLogonControl2Ex NetrEnumerateTrustedDomains DsrGetDcName \
         NetrLogonGetCapabilities NetrLogonSetServiceBits NetrLogonGetTrustRid NetrLogonComputeServerDigest \
         NetrLogonComputeClientDigest NetrServerAuthenticate3 DsrGetDcNameEx DsrGetSiteName NetrLogonGetDomainInfo \
         NetrServerPasswordSet2 NetrServerPasswordGet NetrLogonSendToSam DsrAddressToSiteNamesW DsrGetDcNameEx2 \
         NetrLogonGetTimeServiceParentDomain NetrEnumerateTrustedDomainsEx DsrAddressToSiteNamesExW \
         DsrGetDcSiteCoverageW NetrLogonSamLogonEx DsrEnumerateDomainTrusts DsrDeregisterDnsHostRecords \
         NetrServerTrustPasswordsGet DsrGetForestTrustInformation NetrGetForestTrustInformation \
         NetrLogonSamLogonWithFlags NetrServerGetTrustInfo - DsrUpdateReadOnlyServerDnsRecords \
         NetrChainSetClientAttributes",
    ),
    // [MS-DSSP] 3.2.5.
    Interface::new(
        0x3919_286a_b10c_11d0_9ba8_00c0_4fd9_2ef5,
        "dssetup",
        "DsRolerGetPrimaryDomainInformation",
    ),
    // [MS-BKRP] 3.1.4.
    Interface::new(
        0x3dde_7c30_165d_11d1_ab8f_0080_5f14_db40,
        "BackupKey",
        "BackuprKey",
    ),
    // [MS-ICPR] 3.2.4.
    Interface::new(
        0x91ae_6020_9e3c_11cf_8d7c_00aa_00c0_91be,
        "ICertPassage",
        "CertServerRequest",
    ),
    // [MS-WCCE] 3.2.1.4.
    Interface::new(
        0xd99e_6e70_fc88_11d0_b498_00a0_c903_12f3,
        "ICertRequestD",
        "- - - Request GetCACert Ping",
    ),
    // [MS-DNSP] 3.1.4.
    Interface::new(
        0x50ab_c2a4_574d_40b3_9d66_ee4f_d5fb_a076,
        "DnsServer",
        "R_DnssrvOperation R_DnssrvQuery R_DnssrvComplexOperation R_DnssrvEnumRecords R_DnssrvUpdateRecord \
         R_DnssrvOperation2 R_DnssrvQuery2 R_DnssrvComplexOperation2 R_DnssrvEnumRecords2 R_DnssrvUpdateRecord2",
    ),
    // [MS-NSPI] 3.1.4.
    Interface::new(
        0xf5cc_5a18_4264_101a_8c59_0800_2b2f_8426,
        "nspi",
        "NspiBind NspiUnbind NspiUpdateStat NspiQueryRows NspiSeekEntries NspiGetMatches",
    ),
    // [MS-FRS1] 3.3.4.
    Interface::new(
        0xf5cc_59b4_4264_101a_8c59_0800_2b2f_8426,
        "frsrpc",
        "FrsRpcSendCommPkt FrsRpcVerifyPromotionParent FrsRpcStartPromotionParent",
    ),
    // [MS-FRS2] 3.2.4.
    Interface::new(
        0x897e_2e5f_93f3_4376_9c9c_fd22_7749_5c27,
        "FrsTransport",
        "CheckConnectivity EstablishConnection EstablishSession RequestUpdates RequestVersionVector AsyncPoll",
    ),
];
