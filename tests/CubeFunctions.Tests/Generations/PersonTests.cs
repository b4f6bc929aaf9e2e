using Cube.Simulator;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>A person of a CRM, erased.</summary>
public sealed class PersonTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData]
    [InlineData(Variant.CustomersEarly, Variant.CrmTypeFreeNames)]
    public async Task A_person_of_a_CRM_is_nowhere_after_an_erasure_and_does_not_come_back(params Variant[] variants)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = TenantApi.DataOwners,
                Variants = variants,
                CustomersPerAssignment = 60,
                CallflowCustomersPerCampaign = 60,
            },
            null,
            Victim.Settings
        );
        var place = lane.Place;
        await Victim.SeedAsync(lane);
        string[] traces = [Victim.Name, Victim.Phone, Victim.Imported];
        var before = await AccountDump.OfAsync(lane.App);
        foreach (
            var feed in (string[])
                [
                    "customers/",
                    "callflow_customers/campaign",
                    "callflow_customers/crm",
                    "call_outcomes/campaign",
                    "call_outcomes/crm",
                    "product_registrations/",
                    "sms/campaign",
                    "sms/crm",
                ]
        )
        {
            Assert.Contains(before.Find(traces), found => found.StartsWith($"cube-raw/{feed}", StringComparison.Ordinal));
        }

        var asked = await lane.Http.ActAsync("erasures", $$"""{"assignment":"{{place}}","customer":"{{Victim.Imported}}"}""");
        Assert.Equal(202, asked.Status);
        Answer answer = asked;
        await WaitFor.TrueAsync(
            async () => (answer = await lane.Http.GetAsync($"erasures/{asked["id"]}"))["state"] == "done",
            TimeSpan.FromSeconds(90)
        );
        Assert.True(answer.Json.GetProperty("report").GetProperty("found").GetBoolean());
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(traces));

        await lane.App.RunAsync(Victim.All);
        Assert.DoesNotContain(
            (await AccountDump.OfAsync(lane.App)).Find(traces),
            found => !found.StartsWith("cube-raw/", StringComparison.Ordinal)
        );
    }
}
