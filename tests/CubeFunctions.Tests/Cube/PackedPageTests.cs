using System.IO.Compression;
using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Cube;

/// <summary>Pages travel packed; the cap holds for what is unpacked.</summary>
public sealed class PackedPageTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task Packed_pages_are_asked_for_and_stored_unpacked(TenantApi api)
    {
        await using var plain = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 1 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        await using var packed = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 1, Variants = [Variant.Gzip] }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var manifests = new List<RunManifest>();
        foreach (var cube in (CubeSimulator[])[plain, packed])
        {
            await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
            manifests.Add(await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers])));
        }

        Assert.Equal(RunStatus.Succeeded, manifests[1].Status);
        Assert.True(manifests[0].Records > 0);
        Assert.Equal((manifests[0].Records, manifests[0].Bytes), (manifests[1].Records, manifests[1].Bytes));
    }

    [Fact]
    public async Task A_page_that_unpacks_without_end_is_refused()
    {
        await using var bomb = await StartBombAsync();
        var address = new Uri(bomb.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), address, null, ("Cube__MaxPageMiB", "1"));
        var failure = await Assert.ThrowsAsync<CubeException>(() =>
            app.Get<CubeClient>().GetPageAsync(FeedCatalogue.Customers, "/", "", TestContext.Current.CancellationToken)
        );
        Assert.Equal(CubeFailureKind.TooLarge, failure.Kind);
    }

    /// <summary>Answers some kilobytes that unpack to a gigabyte of blanks.</summary>
    private static async Task<WebApplication> StartBombAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        web.Run(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            var blanks = new byte[1 << 20];
            Array.Fill(blanks, (byte)' ');
            for (var i = 0; i < 1024 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await gzip.WriteAsync(blanks, context.RequestAborted);
            }
        });
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }
}
