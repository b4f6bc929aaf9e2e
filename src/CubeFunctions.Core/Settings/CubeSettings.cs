using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Settings;

/// <summary>Which of a customer's two ids goes into the URL of one customer.</summary>
public enum CustomerIdInUrl
{
    /// <summary>Cube's own <c>id</c> (generation 1).</summary>
    Internal,

    /// <summary>The id that was imported, usually the CRM's own (later documents).</summary>
    Imported,
}

/// <summary>How to reach the tenant.</summary>
public sealed record CubeSettings
{
    /// <summary>The tenant's origin. Credentials go nowhere else.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>The value of the <c>Authorization</c> header.</summary>
    public required CubeCredential Credential { get; init; }

    /// <summary>The API's generation; <see cref="CubeApi.Auto"/> recognises it by the campaigns listing.</summary>
    public CubeApi Api { get; init; }

    /// <summary>External users list campaigns under <c>/client_access</c>.</summary>
    public bool ExternalUser { get; init; }

    /// <summary>The tenant's local time; decides what a day is.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>Requests under way at once, per process. Default 8.</summary>
    public int MaxConcurrentRequests { get; init; } = 8;

    /// <summary>Which id the URL of one customer takes, where <see cref="IsCustomerIdInUrlSet"/>.</summary>
    public CustomerIdInUrl CustomerIdInUrl { get; init; }

    /// <summary>Whether <see cref="CustomerIdInUrl"/> was set; else the generation decides.</summary>
    public bool IsCustomerIdInUrlSet { get; init; }

    /// <summary>Whether upserts are delivered; off, they are kept. Null leaves it to the generation.</summary>
    public bool? Writes { get; init; }

    /// <summary>The largest body taken, in bytes. Default 64 MiB.</summary>
    public int MaxPageBytes { get; init; } = 64 * 1024 * 1024;

    internal static CubeSettings Read(SettingsReader reader)
    {
        var baseUrl = reader.Address(
            "Cube__BaseUrl",
            "the tenant, `https://{tenant}.headshed.com`; plain HTTP for this machine only. Local host: the simulator where it is empty",
            sample: "http://localhost:5080"
        );
        if (baseUrl is null && !reader.Has("Cube__BaseUrl"))
        {
            reader.Fault("Cube__BaseUrl", "is missing: https://{tenant}.headshed.com");
        }
        else if (baseUrl is not null && baseUrl.PathAndQuery != "/")
        {
            reader.Fault("Cube__BaseUrl", $"'{baseUrl}' must end after the host name, without a path");
        }

        return new CubeSettings
        {
            BaseUrl = baseUrl ?? new Uri("https://missing.invalid"),
            Credential = CubeCredential.Read(reader),
            Api = reader.Choice(
                "Cube__Api",
                CubeApi.Auto,
                "the API's generation: `Assignments`, `DataOwners`, or `Auto`: recognised by the first campaigns listing, and held to"
            ),
            ExternalUser = reader.Flag(
                "Cube__ExternalUser",
                false,
                "`true` for users with access to one client's data: campaigns are listed under `/client_access`"
            ),
            TimeZone = Zone(reader),
            MaxConcurrentRequests = reader.Number(
                "Cube__MaxConcurrentRequests",
                8,
                1,
                256,
                "requests to Cube at once, per process; times the app's instance limit for the tenant as a whole"
            ),
            CustomerIdInUrl = reader.Choice(
                "Cube__CustomerIdInUrl",
                CustomerIdInUrl.Internal,
                "which id the address of one customer takes: `internal` (Cube's own) or `imported` (the CRM's)",
                "internal (generation 2: imported)",
                sample: ""
            ),
            IsCustomerIdInUrlSet = reader.Has("Cube__CustomerIdInUrl"),
            Writes = reader.OptionalFlag(
                "Cube__Writes",
                "`false`: upserts are kept, not delivered. Generation 2 documents no write request: `true` tries those of generation 1 there",
                "true (generation 2: false)"
            ),
            MaxPageBytes = 1024 * 1024 * reader.Number("Cube__MaxPageMiB", 64, 1, 1024, "the largest answer taken from Cube, in MiB"),
        };
    }

    private static TimeZoneInfo Zone(SettingsReader reader)
    {
        var name = reader.Text("Cube__TimeZone", "the tenant's local time: decides what a day is", "Europe/Oslo") ?? "Europe/Oslo";
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            return zone;
        }

        reader.Fault("Cube__TimeZone", $"'{name}' is not a known time zone (for example Europe/Oslo)");
        return TimeZoneInfo.Utc;
    }
}
