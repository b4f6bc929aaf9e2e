using System.Text;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Senders from settings as users type them, and bodies sent through the parser.</summary>
internal static class TestSenders
{
    public const string HubSpotMap =
        """{"name":{"join":["firstname","lastname"]},"phone_1":"phone","email":"email","birth_date":{"from":"date_of_birth","date":"yyyy-MM-dd"},"gender":{"from":"gender","values":{"1":"Female","2":"Male"}},"custom:Antall år":"years"}""";

    public static readonly DateTimeOffset Arrival = DateTimeOffset.Parse("2026-11-24T10:00:00Z");

    public static SenderSettings StandardWebhooks(params (string Name, string? Value)[] settings) =>
        Sender([("Kind", "standard-webhooks"), ("Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), .. settings]);

    public static SenderSettings HubSpot(params (string Name, string? Value)[] settings) =>
        Sender([
            ("Kind", "hubspot"),
            ("Secret", "3c1f6a52-77d0-4f0e-9c55-b0b7c1a0e9d4"),
            ("PublicUrl", "https://crm.example.no"),
            ("FieldMap", HubSpotMap),
            .. settings,
        ]);

    public static SenderSettings Dataverse(params (string Name, string? Value)[] settings) =>
        Sender([("Kind", "dataverse"), ("Secret", "a value both sides know"), ("FieldMap", HubSpotMap), .. settings]);

    public static SenderSettings Json(params (string Name, string? Value)[] settings) =>
        Sender([("Kind", "json"), ("Secret", "a shared secret of a script"), .. settings]);

    /// <summary>The one sender <c>crm</c> of these settings; later values replace earlier ones, null takes one away.</summary>
    public static SenderSettings Sender(params (string Name, string? Value)[] settings)
    {
        var (read, faults) = Read([("AssignmentId", "17"), .. settings]);
        Assert.Empty(faults);
        return Assert.Single(read.Senders).Value;
    }

    public static (UpsertSettings Settings, IReadOnlyList<string> Faults) Read(params (string Name, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in settings)
        {
            values[
                (name.StartsWith("Upserts__", StringComparison.Ordinal) ? name : "Upserts__Senders__crm__" + name).Replace(
                    "__",
                    ":",
                    StringComparison.Ordinal
                )
            ] = value;
        }

        var reader = new SettingsReader(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        return (UpsertSettings.Read(reader), reader.Faults);
    }

    public static HeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary { ["content-type"] = "application/json" };
        foreach (var (name, value) in headers)
        {
            dictionary[name] = value;
        }

        return dictionary;
    }

    public static ParsedBody Parse(this SenderSettings sender, string body, params (string Name, string Value)[] headers) =>
        SenderParser.Parse(sender, Headers(headers), Encoding.UTF8.GetBytes(body), Arrival, "fresh");

    public static UpsertEvent One(this SenderSettings sender, string body, params (string Name, string Value)[] headers)
    {
        var parsed = sender.Parse(body, headers);
        Assert.False(parsed.IsRefused, parsed.Refusal?.Detail);
        return Assert.Single(parsed.Events);
    }

    /// <summary>The values as one line, in the order of fields and parts.</summary>
    public static string Line(this UpsertEvent told) =>
        string.Join(
            ' ',
            told.Values.OrderBy(value => value.Field, StringComparer.Ordinal)
                .ThenBy(value => value.Part)
                .Select(value => $"{value.Field}{(value.Part > 0 ? $"[{value.Part}]" : "")}={value.RawJson}")
        );
}
