using CubeFunctions.Tests.Functions.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The services of the deployed app, checked as a whole before any is asked for.</summary>
public sealed class ContainerTests
{
    [Fact]
    public void Every_service_can_be_made_and_none_outlives_what_it_holds()
    {
        using var app = Build(Builder());
        using var scope = app.Services.CreateScope();
        var classes = typeof(SyncFunctions)
            .Assembly.GetTypes()
            .Where(type => type.GetMethods().Any(method => method.IsDefined(typeof(FunctionAttribute), inherit: false)))
            .ToList();
        Assert.NotEmpty(classes);
        foreach (var type in classes)
        {
            Assert.NotNull(ActivatorUtilities.CreateInstance(scope.ServiceProvider, type));
        }
    }

    [Fact]
    public void A_service_that_lacks_one_of_its_own_is_found_before_the_start()
    {
        var builder = Builder();
        builder.Services.AddSingleton<Lacking>();
        Assert.Contains(nameof(Missing), Assert.Throws<AggregateException>(() => Build(builder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AzureWebJobs.StartSync.Disabled", "true", "StartSync")]
    [InlineData("AzureWebJobs__SweepStaleWork__Disabled", "1", "SweepStaleWork")]
    public async Task Health_names_timers_that_are_disabled(string setting, string value, string timer)
    {
        using var app = Build(Builder((setting, value)));
        using var scope = app.Services.CreateScope();
        var health = ActivatorUtilities.CreateInstance<HealthFunctions>(scope.ServiceProvider);
        var problem = Assert.IsType<ProblemHttpResult>(
            await health.Health(new DefaultHttpContext().Request, TestContext.Current.CancellationToken)
        );
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, problem.StatusCode);
        Assert.Equal("timers", problem.ProblemDetails.Extensions["part"]);
        Assert.Contains(timer, problem.ProblemDetails.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AzureWebJobs.StartSync.Disabled", "false")]
    [InlineData("AzureWebJobs.DeliverChanges.Disabled", "true")]
    public void Timers_that_run_are_not_named(string setting, string value)
    {
        using var app = Build(Builder((setting, value)));
        Assert.Empty(new DisabledTimers(app.Services.GetRequiredService<IConfiguration>()).Names);
    }

    private static FunctionsApplicationBuilder Builder(params (string Name, string Value)[] more) =>
        WorkerApplication.CreateBuilder([
            .. FunctionsHost
                .SettingsOf("UseDevelopmentStorage=true", new Uri("http://127.0.0.1:1"), more)
                .Select(setting => $"--{setting.Name.Replace("__", ":", StringComparison.Ordinal)}={setting.Value}"),
        ]);

    private static IHost Build(FunctionsApplicationBuilder builder)
    {
        var options = new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true };
        ((IHostApplicationBuilder)builder).ConfigureContainer(new DefaultServiceProviderFactory(options));
        return builder.Build();
    }

    private sealed class Lacking(Missing missing)
    {
        public Missing Missing => missing;
    }

    private sealed class Missing;
}
