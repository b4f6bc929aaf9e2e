using System.Globalization;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What a job measures with.</summary>
/// <param name="Product">The product.</param>
/// <param name="Before">Another publish that <c>cpu-per-page</c> compares with, or null.</param>
/// <param name="Scale">Share of the full size, 0 to 1.</param>
/// <param name="Pairs">How often floor and product are measured in turn.</param>
internal sealed record Bench(Product Product, Product? Before, double Scale, int Pairs)
{
    /// <summary>A size by the scale.</summary>
    public int Sized(int full, int least = 1) => Math.Max(least, (int)Math.Round(full * Scale));

    /// <summary>Floor and product in turn over the same pages, each on an emulator of its own.</summary>
    public async Task<Pairs> CompareAsync(
        Tenant tenant,
        FloorMode mode = FloorMode.Upload,
        bool countAllocations = false,
        bool onDisk = false
    )
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        return FirstTwo(
            await TurnsAsync(
                async () =>
                {
                    await using var storage = await EmulatedStorage.StartAsync(onDisk);
                    return await Floor.RunAsync(server, storage, mode, countAllocations: countAllocations);
                },
                async () =>
                {
                    await using var storage = await EmulatedStorage.StartAsync(onDisk);
                    return await Product.SyncAsync(server, storage, countAllocations: countAllocations);
                }
            )
        );
    }

    /// <summary>As <see cref="CompareAsync"/>, with the product's first run done before and not measured.</summary>
    public async Task<Pairs> CompareSecondRunAsync(Tenant tenant, int version)
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        return FirstTwo(await TurnsAsync(() => HashAsync(server, version), () => SyncAgainAsync(server, version)));
    }

    /// <summary>
    /// As <see cref="CompareSecondRunAsync"/>, and the product against a floor that keeps each page as well; a run of that floor has stored
    /// them before and is not measured either.
    /// </summary>
    public async Task<(Pairs Read, Pairs Kept)> CompareSecondRunAndStorageAsync(Tenant tenant, int version)
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        var turns = await TurnsAsync(
            () => HashAsync(server, version),
            () => SyncAgainAsync(server, version),
            async () =>
            {
                await using var storage = await EmulatedStorage.StartAsync();
                await Floor.RunAsync(server, storage, FloorMode.Upload);
                return await Floor.RunAsync(server, storage, FloorMode.Keep, version);
            }
        );
        return (FirstTwo(turns), new Pairs(turns[2], turns[1]));
    }

    /// <summary>As <see cref="CompareAsync"/>, with another publish in the floor's place.</summary>
    public async Task<Pairs> CompareWithAsync(Product before, Tenant tenant)
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        return FirstTwo(await TurnsAsync(() => SyncAsync(before), () => SyncAsync(Product)));

        async Task<Sample> SyncAsync(Product product)
        {
            await using var storage = await EmulatedStorage.StartAsync();
            return await product.SyncAsync(server, storage);
        }
    }

    /// <summary>The product alone.</summary>
    public async Task<List<Sample>> MeasureAsync(Tenant tenant)
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        var samples = new List<Sample>();
        for (var pair = 0; pair < Pairs; pair++)
        {
            await using var storage = await EmulatedStorage.StartAsync();
            samples.Add(await Product.SyncAsync(server, storage));
            Note("product", samples[^1]);
        }

        return samples;
    }

    private static async Task<Sample> HashAsync(PageServerProcess server, int version)
    {
        await using var storage = await EmulatedStorage.StartAsync();
        return await Floor.RunAsync(server, storage, FloorMode.Hash, version);
    }

    private async Task<Sample> SyncAgainAsync(PageServerProcess server, int version)
    {
        await using var storage = await EmulatedStorage.StartAsync();
        await Product.SyncAsync(server, storage);
        return await Product.SyncAsync(server, storage, version);
    }

    private static Pairs FirstTwo(List<Sample>[] turns) => new(turns[0], turns[1]);

    /// <summary>Measures floor, product and what else there is, again and again in this order.</summary>
    private async Task<List<Sample>[]> TurnsAsync(params Func<Task<Sample>>[] sides)
    {
        string[] names = ["floor", "product", "second floor"];
        var turns = Array.ConvertAll(sides, static _ => new List<Sample>());
        for (var turn = 0; turn < Pairs; turn++)
        {
            foreach (var (side, run) in sides.Index())
            {
                turns[side].Add(await run());
                Note(names[side], turns[side][^1]);
            }
        }

        return turns;
    }

    private static void Note(string side, Sample sample) =>
        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"  {side,-12} {sample.Wall:0.00} s wall, {sample.Cpu:0.00} s CPU, "
                    + $"{sample.PeakMegabytes:0} MB, {sample.Storage.Count} transactions, {sample.Server.Pages} pages"
            )
        );
}

/// <summary>Samples of floor and product, pair by pair.</summary>
internal sealed record Pairs(List<Sample> Floors, List<Sample> Products)
{
    /// <summary>Product by floor.</summary>
    public Row Ratio(string what, string unit, Func<Sample, double> figure, double? atMost = null) =>
        new(what, unit, [.. Floors.Select(figure)], [.. Products.Select(figure)]) { Figure = Figure.Ratio, AtMost = atMost };

    /// <summary>The product's own figure beside the floor's.</summary>
    public Row Value(string what, string unit, Func<Sample, double> figure, double? atMost = null) =>
        new(what, unit, [.. Floors.Select(figure)], [.. Products.Select(figure)]) { AtMost = atMost };

    /// <summary>The product's own figure alone.</summary>
    public Row Alone(string what, string unit, Func<Sample, double> figure, double? atMost = null) =>
        new(what, unit, [], [.. Products.Select(figure)]) { AtMost = atMost };
}
