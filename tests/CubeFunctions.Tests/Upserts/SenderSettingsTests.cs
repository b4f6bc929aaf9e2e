using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class SenderSettingsTests
{
    [Fact]
    public void No_senders_is_no_fault()
    {
        var (settings, faults) = TestSenders.Read();
        Assert.Empty(settings.Senders);
        Assert.Empty(faults);
    }

    [Fact]
    public void Several_senders_of_one_kind_are_found_by_their_names_in_any_case()
    {
        var (settings, faults) = TestSenders.Read(
            ("Upserts__Senders__Script-1__Kind", "JSON"),
            ("Upserts__Senders__Script-1__Secret", "one"),
            ("Upserts__Senders__Script-1__AssignmentId", "17"),
            ("Upserts__Senders__script-2__Kind", "json"),
            ("Upserts__Senders__script-2__Secret", "two"),
            ("Upserts__Senders__script-2__AssignmentId", "18")
        );
        Assert.Empty(faults);
        Assert.Equal(("script-1", "17"), (settings.Senders["SCRIPT-1"].Name, settings.Senders["script-1"].AssignmentId));
        Assert.Equal("18", settings.Senders["script-2"].AssignmentId);
    }

    [Fact]
    public void Every_fault_is_told_at_once_by_the_name_that_was_typed()
    {
        var (_, faults) = TestSenders.Read(
            ("Upserts__Senders__HubSpot__Kind", "hubspot"),
            ("Upserts__Senders__sap__Kind", "idoc"),
            ("Upserts__Senders__sap__Secret", "s"),
            ("Upserts__Senders__sap__AssignmentId", "17"),
            ("Upserts__Senders__my_crm__Kind", "json"),
            ("Upserts__Senders__my_crm__Secret", "s"),
            ("Upserts__Senders__my_crm__AssignmentId", "1 2")
        );
        string[] expected =
        [
            "Upserts__Senders__HubSpot__AssignmentId: is missing",
            "Upserts__Senders__HubSpot__FieldMap: is missing",
            "Upserts__Senders__HubSpot__PublicUrl: is missing",
            "Upserts__Senders__HubSpot__Secret: is missing",
            "Upserts__Senders__my_crm: a sender's name",
            "Upserts__Senders__my_crm__AssignmentId: '1 2' is not",
            "Upserts__Senders__sap__Kind: 'idoc' is not one of",
        ];
        Assert.Equal(expected.Length, faults.Count);
        AtLeastOne.All(
            faults.Order(StringComparer.OrdinalIgnoreCase).Zip(expected.Order(StringComparer.OrdinalIgnoreCase)),
            pair => Assert.StartsWith(pair.Second, pair.First)
        );
    }

    [Theory]
    [InlineData("standard-webhooks")]
    [InlineData("hubspot")]
    [InlineData("dataverse")]
    [InlineData("json")]
    public void A_sender_without_a_secret_does_not_start(string kind)
    {
        foreach (var secret in (string?[])[null, "", "   "])
        {
            var (_, faults) = TestSenders.Read(
                ("Kind", kind),
                ("Secret", secret),
                ("PreviousSecret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                ("AssignmentId", "17"),
                ("PublicUrl", "https://crm.example.no"),
                ("FieldMap", TestSenders.HubSpotMap)
            );
            Assert.StartsWith("Upserts__Senders__crm__Secret: is missing", Assert.Single(faults));
        }
    }

    [Theory]
    [InlineData("whsec_***")]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("plain words")]
    public void A_secret_that_is_no_Standard_Webhooks_secret_is_told_without_being_repeated(string secret)
    {
        var (_, faults) = TestSenders.Read(("Kind", "standard-webhooks"), ("Secret", secret), ("AssignmentId", "17"));
        Assert.StartsWith("Upserts__Senders__crm__Secret: is not a Standard Webhooks secret", Assert.Single(faults));
        Assert.DoesNotContain(secret.Length > 6 ? secret : "\n", faults[0]);
    }

    [Theory]
    [InlineData("json", "Query", "code", "has no meaning")]
    [InlineData("dataverse", "Encoding", "hex", "has no meaning")]
    [InlineData("hubspot", "Header", "x", "has no meaning")]
    [InlineData("standard-webhooks", "EventId", "/id", "has no meaning")]
    [InlineData("json", "Encoding", "base32", "'base32' is neither")]
    [InlineData("json", "Prefix", "sha256=", "stands before a signature")]
    [InlineData("hubspot", "Items", "/data", "has no meaning")]
    [InlineData("json", "Items", "data", "'data' is not a JSON Pointer")]
    [InlineData("json", "EventTime", "/a~2", "'/a~2' is not a JSON Pointer")]
    [InlineData("json", "Header", "two words", "'two words' is not the name of a header")]
    [InlineData("json", "FieldMap", "no/such/file.json", "'no/such/file.json' is neither")]
    [InlineData("json", "FieldMap", "{\"name\":7}", "field 'name' must be")]
    [InlineData("json", "PublicUrl", "http://crm.example.no", "'http://crm.example.no' is plain HTTP")]
    public void A_setting_that_is_wrong_or_without_effect_is_told(string kind, string name, string value, string fault)
    {
        var (_, faults) = TestSenders.Read([.. Valid(kind), (name, value)]);
        Assert.StartsWith($"Upserts__Senders__crm__{name}: {fault}", Assert.Single(faults));
    }

    [Fact]
    public void Dataverse_takes_its_secret_from_one_place()
    {
        var (_, faults) = TestSenders.Read([.. Valid("dataverse"), ("Header", "x-cube"), ("Query", "code")]);
        Assert.StartsWith("Upserts__Senders__crm__Query: and Header are both set", Assert.Single(faults));
        Assert.Equal((null, "code"), (TestSenders.Dataverse().Header, TestSenders.Dataverse().Query));
        Assert.Equal(
            ("x-cube", null),
            (TestSenders.Dataverse(("Header", "x-cube")).Header, TestSenders.Dataverse(("Header", "x-cube")).Query)
        );
    }

    [Fact]
    public void The_name_of_the_products_own_API_is_not_for_senders() =>
        Assert.Contains(
            "Upserts__Senders__Api",
            Assert.Single(
                TestSenders
                    .Read(
                        ("Upserts__Senders__Api__Kind", "json"),
                        ("Upserts__Senders__Api__Secret", "s"),
                        ("Upserts__Senders__Api__AssignmentId", "17")
                    )
                    .Faults
            )
        );

    [Fact]
    public void A_field_map_can_stand_in_a_file()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllText(path, TestSenders.HubSpotMap);
            Assert.Contains("custom:Antall år", TestSenders.HubSpot(("FieldMap", path)).FieldMap.Targets);
            File.WriteAllText(path, "{\"name\":");
            Assert.Contains("FieldMap: is not valid", Assert.Single(TestSenders.Read([.. Valid("hubspot"), ("FieldMap", path)]).Faults));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_secret_is_not_printed() => Assert.DoesNotContain("shared", $"{TestSenders.Json()} {TestSenders.Json().Secrets[0]}");

    private static (string, string?)[] Valid(string kind) =>
        [
            ("Kind", kind),
            ("AssignmentId", "17"),
            ("Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("PublicUrl", "https://crm.example.no"),
            ("FieldMap", TestSenders.HubSpotMap),
        ];
}
