using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>
/// What others see of a customer on his way to Cube: nothing. Spans are heard from the whole process, so these tests run apart from all
/// others.
/// </summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class PrivacyTests(AzuriteFixture azurite)
{
    public const string Name = "privacy";

    private const string Secret = "geheim-7fe2c1";
    private const string StandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string PublicUrl = "https://hooks.example.test";
    private const string FieldMap = """{"name":"fullname","phone_1":"telephone1","address_street":"address"}""";

    private static readonly string[] Personal =
    [
        "Hemmelig",
        "Navnesen",
        "98765432",
        "Skjultveien",
        "hemmelig-id",
        "900817263",
        "6f1d2c3b",
        Secret,
        StandardSecret[6..],
        new SimulatorOptions().Token,
        "Idempotent-7731",
    ];

    private static readonly (string, string)[] Senders =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", Secret),
        ("Upserts__Senders__crm__EventId", "/event"),
        ("Upserts__Senders__std__Kind", "standard-webhooks"),
        ("Upserts__Senders__std__Secret", StandardSecret),
        ("Upserts__Senders__dyn__Kind", "dataverse"),
        ("Upserts__Senders__dyn__Secret", Secret),
        ("Upserts__Senders__dyn__FieldMap", FieldMap),
        ("Upserts__Senders__hub__Kind", "hubspot"),
        ("Upserts__Senders__hub__Secret", Secret),
        ("Upserts__Senders__hub__PublicUrl", PublicUrl),
        ("Upserts__Senders__hub__FieldMap", FieldMap),
    ];

    [Theory]
    [InlineData(TenantApi.Assignments, CustomerIdInUrl.Internal)]
    [OverGenerations(CustomerIdInUrl.Imported, First = true)]
    public async Task No_span_log_line_address_or_row_key_tells_who_it_is_or_a_secret(TenantApi api, CustomerIdInUrl idInUrl)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var lane = await Lane.StartAsync(
            azurite,
            new SimulatorOptions
            {
                Campaigns = 1,
                CustomersPerAssignment = 40,
                AnonymisedPerThousand = 0,
                CustomerIdInUrl = idInUrl,
            }.EarlyIn(api),
            clock,
            [.. Senders, ("Cube__CustomerIdInUrl", idInUrl.ToString())]
        );
        await lane.SnapshotAsync();
        var known = lane.Cube.Data.Customers(lane.Assignment).First();
        using var spans = new SpanCollector();
        foreach (
            var fault in new[]
            {
                "429=1,times=1,seconds=1",
                "reset-before-body=1,times=2",
                "work-then-fail=1,times=2",
                "bad-request=1,times=1",
                "503=1,times=2",
                "html-200=1,times=1",
            }
        )
        {
            lane.Cube.Faults.Add(fault + ",path=/customers/");
        }

        var ids = await AcceptAsync(lane, $"{known["customer_id"]}", clock);
        await RefusedAsync(lane);
        await lane.DeliverAsync(ids);
        var states = await lane.StatesAsync(ids);
        Assert.Contains(states, state => state.State == "delivered");
        Assert.Contains(states, state => state.State == "dead");

        Assert.Contains(spans.Spans, span => span.Source == CubeTraces.SourceName);
        Assert.Contains(spans.Spans, span => span.Source == "Microsoft.AspNetCore");
        Assert.Contains(spans.Spans, span => span.Source.StartsWith("Azure.Data.Tables.", StringComparison.Ordinal));
        AssertSilent(known, "span", spans.Spans.Select(span => span.Text));
        AssertSilent(known, "log line", lane.App.Logs.Lines.Select(line => line.Text));
        AssertSilent(known, "address", await AddressesAsync(lane.App.Storage, ids));
    }

    private static async Task<List<string>> AcceptAsync(Lane lane, string known, TimeProvider clock)
    {
        var ids = await lane.PostAsync($$"""{"customer_id":"{{known}}","name":"Hemmelig Navnesen","phone_1":"98765432"}""");
        ids.AddRange(
            await lane.PostAsync(
                """[{"customer_id":"hemmelig-id-1","name":"Hemmelig"},{"customer_id":"hemmelig-id-2","custom:Hemmelig":"Navnesen"}]"""
            )
        );
        ids.AddRange(
            await AcceptedAsync(
                lane,
                $"assignments/{lane.Place}/customers",
                """{"customer_id":"hemmelig-id-3","phone_1":"98765432"}""",
                ("Idempotency-Key", "Idempotent-7731")
            )
        );
        ids.AddRange(
            await AcceptedAsync(
                lane,
                "webhooks/crm",
                """{"customer_id":"hemmelig-id-4","event":"hemmelig-id-4-1","name":"Hemmelig Navnesen","address_street":"Skjultveien"}""",
                ("x-webhook-secret", Secret)
            )
        );

        const string Standard = """{"customer_id":"hemmelig-id-5","name":"Hemmelig Navnesen"}""";
        var seconds = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signed = Sign(Convert.FromBase64String(StandardSecret[6..]), $"hemmelig-id-5.{seconds}.{Standard}");
        ids.AddRange(
            await AcceptedAsync(
                lane,
                "webhooks/std",
                Standard,
                ("webhook-id", "hemmelig-id-5"),
                ("webhook-timestamp", seconds),
                ("webhook-signature", $"v1,{signed}")
            )
        );

        var hubspot =
            $$"""[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":900817263,"propertyName":"fullname","propertyValue":"Hemmelig Navnesen","occurredAt":{{clock.GetUtcNow().ToUnixTimeMilliseconds()}}}]""";
        var milliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        ids.AddRange(
            await AcceptedAsync(
                lane,
                "webhooks/hub",
                hubspot,
                ("X-HubSpot-Request-Timestamp", milliseconds),
                ("X-HubSpot-Signature-v3", Sign(Encoding.UTF8.GetBytes(Secret), $"POST{PublicUrl}/api/webhooks/hub{hubspot}{milliseconds}"))
            )
        );

        const string Dataverse =
            """{"MessageName":"Update","PrimaryEntityName":"contact","PrimaryEntityId":"6f1d2c3b-1111-1111-1111-111111111111","OperationId":"0f8fad5b-d9cb-469f-a165-70867728950e","InputParameters":[{"key":"Target","value":{"Attributes":[{"key":"fullname","value":"Hemmelig Navnesen"},{"key":"telephone1","value":"98765432"}]}}]}""";
        ids.AddRange(await AcceptedAsync(lane, $"webhooks/dyn?code={Secret}", Dataverse));
        ids.AddRange(
            await AcceptedAsync(
                lane,
                $"webhooks/dyn?code={Secret}",
                Dataverse.Replace("Update", "Delete", StringComparison.Ordinal).Replace("0f8fad5b", "0f8fad5c", StringComparison.Ordinal)
            )
        );
        return ids;
    }

    /// <summary>Posts that are turned away, and questions about nobody.</summary>
    private static async Task RefusedAsync(Lane lane)
    {
        Assert.Equal(
            401,
            (await lane.Http.PostAsync("webhooks/crm", """{"customer_id":"hemmelig-id"}""", ("x-webhook-secret", Secret + "x"))).Status
        );
        Assert.Equal(401, (await lane.Http.PostAsync($"webhooks/dyn?code={Secret}x", """{"customer_id":"hemmelig-id"}""")).Status);
        Assert.Equal(
            400,
            (
                await lane.Http.PostAsync("webhooks/crm", """{"customer_id":"hemmelig-id","name":"Hemmelig""", ("x-webhook-secret", Secret))
            ).Status
        );
        Assert.Equal(400, (await lane.Http.PostAsync($"assignments/{lane.Place}/customers", """{"name":"Hemmelig Navnesen"}""")).Status);
    }

    private static async Task<List<string>> AcceptedAsync(Lane lane, string path, string json, params (string Name, string Value)[] headers)
    {
        var (status, answer) = await lane.Http.PostAsync(path, json, headers);
        Assert.True(status == 202, $"{path}: {status}: {answer}");
        return [.. answer.GetProperty("upserts").EnumerateArray().Select(upsert => upsert.GetProperty("id").GetString()!)];
    }

    /// <summary>What requests of ours have in their addresses: upsert ids, names of blobs, keys of rows.</summary>
    private static async Task<List<string>> AddressesAsync(StorageClients storage, List<string> ids)
    {
        List<string> addresses = [.. ids.Select(id => $"/api/upserts/{id}")];
        foreach (var container in new BlobContainerClient[] { storage.Inbox, storage.State })
        {
            await foreach (
                var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
            )
            {
                addresses.Add(blob.Name);
            }
        }

        foreach (var table in new[] { storage.Upserts, storage.Customers })
        {
            await foreach (
                var row in table.QueryAsync<TableEntity>(
                    select: ["PartitionKey", "RowKey"],
                    cancellationToken: TestContext.Current.CancellationToken
                )
            )
            {
                addresses.Add($"{row.PartitionKey}/{row.RowKey}");
            }
        }

        return addresses;
    }

    private static void AssertSilent(JsonObject known, string what, IEnumerable<string> texts)
    {
        // Short numbers occur in ports and times: an id counts where it stands alone, the internal one as a part of a path.
        var id = new Regex($"(?<![0-9A-Za-z]){Regex.Escape($"{known["customer_id"]}")}(?![0-9A-Za-z])|/{known["id"]}(?![0-9A-Za-z])");
        var all = texts.ToList();
        Assert.NotEmpty(all);
        AtLeastOne.All(
            all,
            text =>
            {
                AtLeastOne.All(
                    Personal,
                    personal =>
                        Assert.False(text.Contains(personal, StringComparison.OrdinalIgnoreCase), $"a {what} holds '{personal}': {text}")
                );
                Assert.False(id.IsMatch(text), $"a {what} holds a customer's id: {text}");
            }
        );
    }

    private static string Sign(byte[] secret, string text) =>
        Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(text)));
}
