namespace Cube.Simulator;

/// <summary>
/// A documented way in which tenants differ. <see cref="VariantKinds"/> has the command-line name and a description of each.
/// </summary>
public enum Variant
{
#pragma warning disable CS1591 // VariantKinds describes each.
    ListingHalfway,
    ListingBroken,
    ListingArchived,
    CampaignWithoutScope,
    CrmTypeMembers,
    CrmTypeFreeNames,
    CampaignsAtRoot,
    CampaignsUnderApi,
    ExternalUser,
    ExternalUserUnderApi,
    CustomersUnderCrm,
    CustomersEarly,
    CustomersLater,
    CustomerByImportedId,
    AnonymisedCustomers,
    CallOutcomesOldNames,
    CallOutcomesLocalTime,
    CallOutcomesTimestamp,
    CallflowLater,
    SmsGeneration1,
    PageSize50,
    PageSize500,
    EmptyNull,
    EmptyText,
    EmptyMissing,
    IdsText,
    IdsNumber,
    NextSelf,
    NextBare,
    NextOtherFeed,
    NextHttp,
    NextMalformed,
    ByteOrderMark,
    Latin1,
    Latin1Undeclared,
    Gzip,
    Writes404,
    Writes405,
    Writes501,
    CreateInBody,
    OptionsAllow,
#pragma warning restore CS1591
}
