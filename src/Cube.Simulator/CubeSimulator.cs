using System.Net;
using Cube.Simulator.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cube.Simulator;

/// <summary>
/// A Cube tenant of either generation on 127.0.0.1, over HTTP, in this process: seeded data, switchable faults, no logs, no signals
/// handled. Stops when it is disposed, without waiting for requests that hang.
/// </summary>
public sealed class CubeSimulator : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CubeServer server;
    private readonly CancellationTokenSource stopping;
    private int disposed;

    private CubeSimulator(
        WebApplication app,
        CubeServer server,
        CancellationTokenSource stopping,
        FaultPlan faults,
        CubeData data,
        RequestLog requests
    )
    {
        this.app = app;
        this.server = server;
        this.stopping = stopping;
        Faults = faults;
        Data = data;
        Requests = requests;
        BaseUrl = new Uri(app.Urls.Single());
    }

    /// <summary>The tenant's origin, <c>http://127.0.0.1:{port}/</c>.</summary>
    public Uri BaseUrl { get; }

    /// <summary>What goes wrong.</summary>
    public FaultPlan Faults { get; }

    /// <summary>What the tenant holds.</summary>
    public CubeData Data { get; }

    /// <summary>What was asked.</summary>
    public RequestLog Requests { get; }

    /// <summary>The limit of requests at present; null for none.</summary>
    public RateLimit? RateLimit
    {
        get => server.RateLimit;
        set => server.RateLimit = value;
    }

    /// <summary>How far the tenant's clock is ahead in <c>Date</c> headers; null leaves them to the web server.</summary>
    public TimeSpan? DateSkew
    {
        get => server.DateSkew;
        set => server.DateSkew = value;
    }

    /// <summary>Called with every authorised request before it is answered: the place to change data between two pages.</summary>
    public Action<LoggedRequest>? BeforeAnswer
    {
        get => server.BeforeAnswer;
        set => server.BeforeAnswer = value;
    }

    /// <summary>Starts a tenant.</summary>
    /// <param name="options">Which tenant.</param>
    /// <param name="time">What time it is there; delays are in real time whatever this says.</param>
    /// <param name="ct">Cancels the start.</param>
    /// <exception cref="ArgumentException">A tenant cannot have these variants together, or an option is out of its range.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<CubeSimulator> StartAsync(SimulatorOptions options, TimeProvider? time = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        var clock = time ?? TimeProvider.System;
        var stopping = new CancellationTokenSource();
        var faults = new FaultPlan(options.Seed);
        var data = new CubeData(options, clock);
        var requests = new RequestLog();
        var server = new CubeServer(options, data, faults, requests, clock, stopping.Token);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MinResponseDataRate = null;
                kestrel.Listen(IPAddress.Loopback, options.Port);
            });
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        app.Run(server.HandleAsync);
        try
        {
            await app.StartAsync(ct);
        }
        catch
        {
            await app.DisposeAsync();
            stopping.Dispose();
            throw;
        }

        return new CubeSimulator(app, server, stopping, faults, data, requests);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        await stopping.CancelAsync();
        await app.StopAsync();
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private static void Check(SimulatorOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PageSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.CampaignsPerAssignment);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Campaigns);
        ArgumentOutOfRangeException.ThrowIfNegative(options.EndedCampaigns);
        ArgumentOutOfRangeException.ThrowIfNegative(options.CustomersPerAssignment);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.CustomersPerAssignment, 9_000_000);
        ArgumentOutOfRangeException.ThrowIfNegative(options.ResponsesPerCampaignPerDay);
        ArgumentOutOfRangeException.ThrowIfNegative(options.SmsPerCampaignPerDay);
        ArgumentOutOfRangeException.ThrowIfNegative(options.CallflowCustomersPerCampaign);
        ArgumentOutOfRangeException.ThrowIfNegative(options.FillerBytesPerRecord);
    }
}
