using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Infra.Workflows;

/// <summary>The scripts of the pipeline, run as it runs them.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData(200, 401, 0, "POST /api/runs: 401")]
    [InlineData(200, 302, 0, "POST /api/runs: 302")]
    [InlineData(503, 401, 1, "FAILED: /api/health answers 503, not 200")]
    [InlineData(200, 200, 1, "FAILED: GET /api/status answers 200 to a stranger")]
    [InlineData(200, 202, 1, "FAILED: GET /api/status answers 202 to a stranger")]
    [InlineData(200, 404, 1, "FAILED: GET /api/status answers 404 to a stranger")]
    public async Task The_smoke_test_wants_a_healthy_app_whose_doors_are_shut(int health, int door, int exitCode, string says)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(context =>
        {
            context.Response.StatusCode = context.Request.Path == "/api/health" ? health : door;
            return Task.CompletedTask;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        var (actual, said) = await RunAsync("smoke.sh", address, "0");

        Assert.Contains(says, said, StringComparison.Ordinal);
        Assert.Equal(exitCode, actual);
    }

    [Fact]
    public async Task The_notes_of_a_release_are_its_section_of_the_changelog()
    {
        var (exitCode, notes) = await RunAsync("release-notes.sh", "v1.0.0-rc.1");
        Assert.Equal(0, exitCode);
        Assert.NotEmpty(notes.Trim());
        Assert.DoesNotContain("\n## ", notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_the_changelog_does_not_know_is_not_released()
    {
        var (exitCode, said) = await RunAsync("release-notes.sh", "v0.0.7");
        Assert.Equal(1, exitCode);
        Assert.Contains("says nothing of 0.0.7", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2.3")]
    [InlineData("v1.2")]
    [InlineData("v1.2.3; true")]
    public async Task What_is_no_version_is_not_packaged(string version)
    {
        var (exitCode, said) = await RunAsync("package.sh", version, Path.GetTempPath());
        Assert.Equal(2, exitCode);
        Assert.Contains("is no version", said, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(BicepCli.RepositoryRoot, ".github", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
