using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>
/// Whatever somebody garbles in storage, by hand or by a tool: each column of each kind of row is given another type or text that says
/// nothing, each kind of row and blob is taken away, each kind of blob overwritten. All lanes go on.
/// </summary>
public sealed class GarbledStorageTests(AzuriteFixture azurite)
{
    private readonly Random _dice = new(TestScale.Seed);

    [Theory]
    [OverGenerations]
    public async Task Between_runs_the_next_run_its_changes_and_an_upsert_come_through(TenantApi api)
    {
        await using var scene = await GarbledScene.StartAsync(azurite, api);
        await scene.CheckAsync("nothing");
        var names = (await scene.GarblingsAsync()).Select(garbling => garbling.Name);
        foreach (var name in Some(names, TestScale.Of(30, 300)))
        {
            // Which of its kind is left changes from run to run.
            if ((await scene.GarblingsAsync()).FirstOrDefault(garbling => garbling.Name == name) is { } garbling)
            {
                await garbling.ApplyAsync();
                await scene.CheckAsync(name);
            }
        }
    }

    [Theory]
    [OverGenerations]
    public async Task In_mid_run_the_run_ends_and_all_others_come_through(TenantApi api)
    {
        await using var scene = await GarbledScene.StartAsync(azurite, api);
        await scene.BeginAsync();

        // Not held yet: a run one of whose items was deleted stays open until a person cancels it.
        var names = (await scene.GarblingsAsync())
            .Where(garbling => garbling.IsOfRow && !garbling.IsDeletedItem)
            .Select(garbling => garbling.Name);
        await scene.EndAsync("nothing");
        foreach (var name in Some(names, TestScale.Of(8, 80)))
        {
            await scene.BeginAsync();
            if ((await scene.GarblingsAsync()).LastOrDefault(garbling => garbling.Name == name) is { } garbling)
            {
                await garbling.ApplyAsync();
            }

            await scene.EndAsync(name);
        }
    }

    private IEnumerable<string> Some(IEnumerable<string> names, int most)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        string[] all = [.. names.Distinct(StringComparer.Ordinal)];
        Assert.NotEmpty(all);
        _dice.Shuffle(all);
        return all.Take(most);
    }
}
