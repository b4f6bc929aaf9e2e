using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>What a user of <c>cube erase</c> sees.</summary>
public sealed class EraseCommandTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task It_says_what_it_touched_and_never_whom(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Victim.Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        Victim.Live(cube);
        var place = cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id;
        var account = await azurite.NewAccountAsync();
        var settings = CommandTests.Of(cube, account, Victim.Settings[0]);
        Assert.Equal(0, (await CubeProcess.SyncAsync("", settings)).Code);

        var (code, output, errors) = await CubeProcess.RunAsync(
            $"erase --assignment {place} --customer {Victim.Imported} --json",
            null,
            settings
        );
        Assert.Equal(0, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.True(report.GetProperty("found").GetBoolean());
        Assert.Equal(
            1,
            report
                .GetProperty("feeds")
                .EnumerateArray()
                .Single(feed => feed.GetProperty("feed").GetString() == "customers")
                .GetProperty("records")
                .GetInt32()
        );

        var (second, text, errors2) = await CubeProcess.RunAsync(
            $"erase --assignment {place} --customer {Victim.Imported}",
            null,
            settings
        );
        Assert.Equal(0, second);
        Assert.StartsWith($"Nothing is kept of this customer of assignment {place}. Erased on ", text, StringComparison.Ordinal);
        Assert.Contains("tell Cube to delete or anonymise the person", text, StringComparison.Ordinal);
        Assert.Contains("oft-deleted copies", text, StringComparison.Ordinal);
        AtLeastOne.All(Victim.Traces, trace => Assert.DoesNotContain(trace, output + errors + text + errors2, StringComparison.Ordinal));
        await using var app = await TestApp.StartAsync(account, cube);
        Assert.Empty((await AccountDump.OfAsync(app)).Find(Victim.Traces));

        // A wrong assignment and the wrong kind of id are no silent zero.
        var (wrong, unknown, _) = await CubeProcess.RunAsync($"erase --assignment 99 --customer {Victim.Imported}", null, settings);
        Assert.Equal(2, wrong);
        Assert.Contains("Neither storage nor Cube knows assignment 99", unknown, StringComparison.Ordinal);
        var (other, kind, _) = await CubeProcess.RunAsync($"erase --assignment {place} --customer {Victim.Internal + 1}", null, settings);
        Assert.Equal(2, other);
        Assert.Contains("Cube's own id of another customer there: --customer takes the imported id", kind, StringComparison.Ordinal);
        Assert.DoesNotContain($"{Victim.Internal + 1}", kind, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("erase --assignment 17", "--customer")]
    [InlineData("erase --customer secret-id-of-somebody", "--assignment")]
    [InlineData("erase --assignment .. --customer secret-id-of-somebody", "--assignment: must be the id of an assignment")]
    [InlineData("erase --assignment 17 --customer=", "--customer")]
    public async Task Bad_input_is_one_message_that_names_the_option_and_shows_no_id(string arguments, string expected)
    {
        var (code, output, errors) = await CubeProcess.RunAsync(arguments, null, ("CubeStorage", "UseDevelopmentStorage=true"));
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(expected, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-id", errors, StringComparison.Ordinal);
    }
}
