using System.Net;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.Retry;

namespace CubeFunctions.Core.Cube;

/// <summary>Registers the client with its time limits and retries.</summary>
internal static class CubePipelines
{
    /// <summary>
    /// The longest silence: until the headers come, and between two reads of the body. A slow body that moves is left to arrive.
    /// </summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

    /// <summary>The most for one attempt, body included.</summary>
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(120);

    /// <summary>The most for a request with all its attempts and pauses.</summary>
    public static readonly TimeSpan TotalLimit = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddCube(this IServiceCollection services, CubeSettings settings)
    {
        services
            .AddSingleton(settings)
            .AddSingleton<TenantPause>()
            .AddSingleton(static provider => new CubeLimits(provider.GetRequiredService<CubeSettings>()))
            .AddSingleton<RecordReaders>()
            .AddSingleton<CampaignListing>()
            .AddSingleton<TenantGeneration>()
            .AddSingleton(static provider => provider.GetRequiredService<TenantPause>().Flag);
        services
            .AddHttpClient<CubeClient>(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(NewHandler)
            .AddHttpMessageHandler(static provider => new AnswerTimes(
                provider.GetRequiredService<CubeLimits>(),
                provider.GetRequiredService<TimeProvider>()
            ))
            .RemoveAllLoggers();

        return services.AddSingleton(static provider => new CubeTries(Retries(provider.GetRequiredService<TimeProvider>()), AttemptLimit));
    }

    /// <summary>
    /// Built by hand: the one that is registered for dependency injection measures and logs each attempt, which nobody listens to.
    /// </summary>
    private static ResiliencePipeline Retries(TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = 5,
                    Delay = TimeSpan.FromMilliseconds(500),
                    MaxDelay = TimeSpan.FromSeconds(15),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    OnRetry = static arguments =>
                    {
                        var failure = (CubeException)arguments.Outcome.Exception!;
                        CubeMetrics.RequestsRetried.Add(
                            1,
                            new KeyValuePair<string, object?>("reason", failure.Status is { } status ? $"{(int)status}" : $"{failure.Kind}")
                        );
                        return default;
                    },
                    ShouldHandle = static arguments =>
                        ValueTask.FromResult(
                            arguments.Outcome.Exception is CubeException { WorthRetrying: true } failure
                                && !(failure.RetryAfter > TenantPause.LongestWait)
                        ),
                }
            )
            .Build();

    /// <summary>How a connection to Cube is made.</summary>
    public static SocketsHttpHandler NewHandler() =>
        new()
        {
            // Redirects are followed by hand, within the origin. Pages travel packed and are unpacked before anything looks at them: the
            // size cap holds for
            // what is unpacked, and that is what is stored.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(10),

            // No spans of its own: they would hold whole URLs, and a customer's URL holds the id.
            ActivityHeadersPropagator = null,
        };
}
