using CubeFunctions.Core.Senders;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class DataverseBodyTests
{
    private const string Record = "9b2c1de0-1234-4c9a-8f00-0000000000aa";
    private const string NoId = "00000000-0000-0000-0000-000000000000";

    private const string Map =
        """{"name":{"join":["firstname","lastname"]},"phone_1":"telephone1","birth_date":{"from":"birthdate","date":"yyyy-MM-dd"},"gender":{"from":"gendercode","values":{"1":"Male","2":"Female"}},"company":"parentcustomerid","custom:Pris":"revenue","custom:Sist":"lastonholdtime","custom:Hvem":"/InitiatingUserId"}""";

    private static SenderSettings Sender(params (string, string?)[] settings) => TestSenders.Dataverse([("FieldMap", Map), .. settings]);

    [Fact]
    public void Changed_columns_are_read_in_all_their_forms()
    {
        var told = Sender()
            .One(
                Context(
                    "Update",
                    Target(
                        """
                        {"key":"telephone1","value":"+4740000000"},
                        {"key":"birthdate","value":"\/Date(641260800000)\/"},
                        {"key":"gendercode","value":{"__type":"OptionSetValue:http://schemas.microsoft.com/xrm/2011/Contracts","Value":2}},
                        {"key":"parentcustomerid","value":{"__type":"EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts","Id":"1b2c3d4e-0000-4000-8000-0000000000bb","KeyAttributes":[],"LogicalName":"account","Name":null,"RowVersion":null}},
                        {"key":"revenue","value":{"__type":"Money:http://schemas.microsoft.com/xrm/2011/Contracts","Value":1500.50}},
                        {"key":"lastonholdtime","value":"/Date(1764000000000+0100)/"},
                        {"key":"modifiedonbehalfby","value":null}
                        """
                    )
                )
            );
        Assert.Equal(
            ("0f8fad5b-d9cb-469f-a165-70867728950e", Record, DateTimeOffset.FromUnixTimeMilliseconds(1764000000000), false),
            (told.EventId, told.CustomerId, told.EventTime, told.EventTimeIsArrival)
        );
        Assert.Equal(
            """birth_date="1990-04-28" company="1b2c3d4e-0000-4000-8000-0000000000bb" custom:Hvem="3fa85f64-5717-4562-b3fc-2c963f66afa6" custom:Pris=1500.50 custom:Sist="2025-11-24T17:00:00+01:00" gender="Female" phone_1="+4740000000" """.TrimEnd(),
            told.Line()
        );
    }

    [Fact]
    public void A_last_name_alone_is_a_part_of_the_name() =>
        Assert.Contains("name[1]=\"Ødegård\"", Sender().One(Context("Update", Target("""{"key":"lastname","value":"Ødegård"}"""))).Line());

    [Fact]
    public void Images_tell_what_the_change_does_not()
    {
        var told = Sender()
            .One(
                Context(
                    "Update",
                    Target("""{"key":"lastname","value":"Ødegård"}"""),
                    """[{"key":"AfterImage","value":{"Attributes":[{"key":"firstname","value":"Åsne"},{"key":"lastname","value":"Eldre"},{"key":"unmapped","value":1}],"Id":"x"}}]"""
                )
            );
        Assert.Contains("name=\"Åsne\" name[1]=\"Ødegård\"", told.Line());
    }

    [Fact]
    public void A_new_record_has_nothing_but_what_it_was_created_with()
    {
        Assert.Contains(
            "name=null name[1]=\"Ødegård\"",
            Sender().One(Context("Create", Target("""{"key":"lastname","value":"Ødegård"}"""))).Line()
        );
        Assert.DoesNotContain("name", Sender().One(Context("Create", Target("""{"key":"telephone1","value":"1"}"""))).Line());
    }

    [Theory]
    [InlineData("Delete", null, "deleted")]
    [InlineData("DeleteMultiple", null, "deleted")]
    [InlineData("Merge", null, "merged")]
    [InlineData("Update", "account", "the event is about another kind of record")]
    public void Deletes_merges_and_other_entities_are_ignored(string message, string? entity, string reason)
    {
        var told = Sender(("Entity", entity))
            .One(
                Context(
                    message,
                    """{"__type":"EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts","Id":"9b2c1de0-1234-4c9a-8f00-0000000000aa","LogicalName":"contact"}"""
                )
            );
        Assert.StartsWith(reason, told.Ignored);
        Assert.Equal((Record, null), (told.CustomerId, told.Dead));
    }

    [Fact]
    public void A_message_that_is_not_read_is_dead_not_dropped() =>
        Assert.StartsWith("the message is neither Create nor Update", Sender().One(Context("UpdateMultiple", Target(""))).Dead);

    [Fact]
    public void A_record_that_was_left_out_for_its_size_is_dead_with_that_reason()
    {
        var stripped = Context("Update", null);
        Assert.StartsWith("Dataverse left the record out", Sender().One(stripped, ("x-ms-dynamics-msg-size-exceeded", "True")).Dead);
        Assert.Equal(Record, Sender().One(stripped, ("x-ms-dynamics-msg-size-exceeded", "True")).CustomerId);
        Assert.StartsWith("the event holds neither", Sender().One(stripped).Dead);
        Assert.StartsWith("deleted", Sender().One(Context("Delete", null), ("x-ms-dynamics-msg-size-exceeded", "True")).Ignored);
    }

    [Fact]
    public void A_target_that_is_only_a_reference_is_read_from_the_image()
    {
        const string Reference =
            """{"__type":"EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts","Id":"9b2c1de0-1234-4c9a-8f00-0000000000aa","LogicalName":"contact"}""";
        Assert.StartsWith("the event holds neither", Sender().One(Context("Update", Reference)).Dead);
        Assert.Contains(
            "phone_1=\"1\"",
            Sender().One(Context("Update", Reference, """[{"key":"i","value":{"Attributes":[{"key":"telephone1","value":"1"}]}}]""")).Line()
        );
    }

    [Fact]
    public void Without_an_operation_the_event_is_named_by_correlation_record_and_time()
    {
        var context = Context("Update", Target("""{"key":"telephone1","value":"1"}"""));
        var told = Sender().One(context.Replace("0f8fad5b-d9cb-469f-a165-70867728950e", NoId, StringComparison.Ordinal));
        Assert.Equal($"7c9e6679-7425-40de-944b-e07fc1f90ae7:{Record}:/Date(1764000000000+0000)/", told.EventId);
        Assert.Equal("fresh", Sender().One("""{"MessageName":"Update"}""").EventId);
        Assert.True(Sender().One("""{"MessageName":"Update"}""").EventTimeIsArrival);
    }

    [Fact]
    public void A_record_without_an_id_of_its_own_is_named_by_its_target_or_dead()
    {
        var context = Context("Create", Target("""{"key":"telephone1","value":"1"}"""));
        Assert.Equal("target-id", Sender().One(context.Replace(Record, NoId, StringComparison.Ordinal)).CustomerId);
        Assert.StartsWith(
            "field 'customer_id' is missing",
            Sender().One(context.Replace(Record, NoId, StringComparison.Ordinal).Replace("target-id", "", StringComparison.Ordinal)).Dead
        );
        Assert.Equal(
            "0042",
            Sender(("FieldMap", """{"customer_id":"accountnumber","phone_1":"telephone1"}"""))
                .One(Context("Update", Target("""{"key":"telephone1","value":"1"},{"key":"accountnumber","value":"0042"}""")))
                .CustomerId
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"MessageName":null}""")]
    [InlineData("\"Update\"")]
    public void What_is_no_execution_context_is_refused(string body) =>
        Assert.Equal(RefusalKind.WrongShape, Sender().Parse(body).Refusal!.Kind);

    private static string Target(string attributes) =>
        $$"""{"__type":"Entity:http://schemas.microsoft.com/xrm/2011/Contracts","Attributes":[{{attributes}}],"EntityState":null,"FormattedValues":[],"Id":"target-id","KeyAttributes":[],"LogicalName":"contact","RelatedEntities":[],"RowVersion":null}""";

    private static string Context(string message, string? target, string images = "[]") =>
        $$"""{"BusinessUnitId":"d5807889-0f5f-4e11-8def-000000000001","CorrelationId":"7c9e6679-7425-40de-944b-e07fc1f90ae7","Depth":1,"InitiatingUserId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","InputParameters":[{{(target is null ? "" : $$"""{"key":"Target","value":{{target}}}""")}}],"IsExecutingOffline":false,"MessageName":"{{message}}","Mode":1,"OperationCreatedOn":"\/Date(1764000000000+0000)\/","OperationId":"0f8fad5b-d9cb-469f-a165-70867728950e","OutputParameters":[],"PostEntityImages":{{images}},"PreEntityImages":[],"PrimaryEntityId":"{{Record}}","PrimaryEntityName":"contact","Stage":40}""";
}
