using CubeFunctions.Core;
using CubeFunctions.Core.Settings;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CubeFunctions.Tests.Settings;

/// <summary>What settings are taken for, and what is said of those that cannot be.</summary>
public sealed class SettingsTests
{
    /// <summary>What the Functions host's parser refuses, the app refuses before the start.</summary>
    [Theory]
    [InlineData("0 0 6 ? * *")]
    [InlineData("0 0 6 * * 7")]
    [InlineData("@daily")]
    [InlineData("0 0 6 L * *")]
    [InlineData("0 0 6 * * 1#2")]
    [InlineData("0 0 6 15W * *")]
    [InlineData("0 6 * * *")]
    [InlineData("every day")]
    public void A_schedule_that_the_host_refuses_is_a_fault_in_one_line(string schedule) =>
        Assert.Equal(
            $"Sync__Schedule: '{schedule}' is not an NCRONTAB expression of six fields, such as 0 */15 * * * *",
            Assert.Single(Faults(("Sync__Schedule", schedule)))
        );

    [Theory]
    [InlineData("0 0 22-2 * * *", "02:00 03:00 04:00 05:00")]
    [InlineData("0 */15 * * * *", "00:15 00:30 00:45 01:00")]
    [InlineData("0 30 2 * * 0", "02:30 02:30 02:30 02:30")]
    public void Local_ticks_come_when_the_host_has_them(string schedule, string expected)
    {
        var parsed = SyncSettings.TryParseSchedule(schedule)!;
        var times = parsed
            .GetNextOccurrences(new DateTime(2026, 11, 2, 0, 0, 0, DateTimeKind.Utc), new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc))
            .Take(4);
        Assert.Equal(
            expected,
            string.Join(' ', times.Select(time => time.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture)))
        );
    }

    [Fact]
    public void Under_the_Functions_host_both_schedules_must_be_set()
    {
        Assert.Empty(Faults());
        Assert.Equal(["Sync__Schedule", "Sync__SnapshotSchedule"], Faults(needsSchedules: true).Select(fault => fault.Split(':')[0]));
        Assert.Empty(Faults(needsSchedules: true, ("Sync__Schedule", "0 */15 * * * *"), ("Sync__SnapshotSchedule", "0 30 2 * * *")));
    }

    [Theory]
    [InlineData("htps://logic.example/trigger?sig=SECRET")]
    [InlineData("http://logic.example/trigger?sig=SECRET")]
    [InlineData("https://user:SECRET@logic.example/")]
    [InlineData("logic.example/trigger?sig=SECRET")]
    public void A_misspelt_receiver_is_not_printed_with_its_secret(string url)
    {
        var fault = Assert.Single(
            Faults(("Changes__Crm__Url", url), ("Changes__Crm__Secret", "whsec_" + Convert.ToBase64String(new byte[24])))
        );
        Assert.StartsWith("Changes__Crm__Url: ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cube__BaseUrl", "https://user:SECRET@tenant.example:99999/")]
    [InlineData("Cube__BaseUrl", "htps://tenant.example/?token=SECRET")]
    [InlineData("Cube__BaseUrl", "http://tenant.example/#SECRET")]
    [InlineData("CubeStorage__blobServiceUri", "htps://account.blob.example/?sv=2024&sig=SECRET")]
    [InlineData("Upserts__Senders__hub__PublicUrl", "htps://app.example/?code=SECRET")]
    public void No_misspelt_address_is_printed_with_what_may_be_a_secret(string name, string url)
    {
        var faults = Faults((name.Replace("__", ":", StringComparison.Ordinal), url), ("Upserts:Senders:hub:Kind", "hubspot"));
        Assert.Contains(faults, fault => fault.StartsWith($"{name}: ", StringComparison.Ordinal));
        Assert.DoesNotContain(faults, fault => fault.Contains("SECRET", StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Faults(params (string Name, string Value)[] settings) => Faults(needsSchedules: false, settings);

    private static IReadOnlyList<string> Faults(bool needsSchedules, params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["CubeStorage"] = "UseDevelopmentStorage=true",
            ["Cube:BaseUrl"] = "https://tenant.example",
            ["Cube:Token"] = "t",
        };
        foreach (var (name, value) in settings)
        {
            values[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        }

        try
        {
            AppSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), needsSchedules);
            return [];
        }
        catch (SettingsException exception)
        {
            return exception.Faults;
        }
    }
}
