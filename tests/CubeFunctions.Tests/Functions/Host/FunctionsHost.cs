using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using CubeFunctions.Tests.Functions.Host.Protocol;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>
/// The published worker as a process of its own, with the Functions host's part played by this one: it indexes and loads the
/// functions, and invokes them as triggers would. Not played: schedules (timers are invoked by name), function keys, scaling, and
/// restarts of a worker that has ended.
/// </summary>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);
    private readonly WebApplication _web;
    private readonly WorkerChannel _channel;
    private readonly CubeProcess _process;
    private readonly HostSettings _settings;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<(string Function, Invocation Invocation)> _ended = new();
    private readonly ConcurrentQueue<(string Function, string Id)> _traces = new();
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        }
    );

    private FunctionsHost(WebApplication web, WorkerChannel channel, CubeProcess process, HostSettings settings) =>
        (_web, _channel, _process, _settings) = (web, channel, process, settings);

    /// <summary>What the worker can do, by its own account.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>Every function that the worker named and loaded.</summary>
    public IReadOnlyList<FunctionInfo> Functions { get; private set; } = [];

    /// <summary>What the worker logged through the host: level, category, message, exception.</summary>
    public IEnumerable<string> Logs => _channel.Logs.Select(log => $"{log.Level} {log.Category}: {log.Message} {log.Exception?.Message}");

    /// <summary>What the process wrote itself.</summary>
    public string Output => _process.Output + _process.Errors;

    /// <summary>Every invocation that has ended, oldest first.</summary>
    public IReadOnlyList<(string Function, Invocation Invocation)> Ended => [.. _ended];

    /// <summary>The host's trace of each invocation, oldest first.</summary>
    public IReadOnlyList<(string Function, string Id)> Traces => [.. _traces];

    public bool HasExited => _process.HasExited;

    /// <summary>Where the host itself finds the queues, if another way than the worker.</summary>
    public string? QueueStorage { get; set; }

    /// <summary>The settings of an app on this storage account and tenant; later values replace earlier ones.</summary>
    public static (string Name, string Value)[] SettingsOf(string storage, Uri cube, params (string Name, string Value)[] more) =>
        [
            .. new (string Name, string Value)[]
            {
                ("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"),
                ("AzureWebJobsStorage", storage),
                ("CubeStorage", storage),
                ("Cube__BaseUrl", cube.ToString()),
                ("Cube__Token", "simulator-token"),
                ("Sync__Schedule", "0 */15 * * * *"),
                ("Sync__SnapshotSchedule", "0 30 2 * * *"),
            }.ExceptBy(more.Select(setting => setting.Name), setting => setting.Name),
            .. more,
        ];

    /// <summary>Starts the worker, and indexes and loads its functions.</summary>
    /// <param name="app">The published folder.</param>
    /// <param name="settings">Its settings; see <see cref="SettingsOf"/>.</param>
    /// <exception cref="WorkerGoneException">The worker ended instead; the message holds its exit code and what it wrote.</exception>
    public static async Task<FunctionsHost> StartAsync(PublishedApp app, params (string Name, string Value)[] settings)
    {
        var folder = await app.FolderAsync();
        var channel = new WorkerChannel();
        var web = await ListenAsync(channel);
        var uri = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        string[] arguments =
        [
            "--functions-uri",
            uri,
            "--functions-worker-id",
            $"{Guid.NewGuid()}",
            "--functions-request-id",
            $"{Guid.NewGuid()}",
            "--functions-grpc-max-message-length",
            $"{int.MaxValue}",
        ];
        var process = CubeProcess.StartProgram(
            Path.Combine(folder, "CubeFunctions.dll"),
            arguments,
            folder,
            [.. settings, ("FUNCTIONS_APPLICATION_DIRECTORY", folder), ("AzureWebJobsScriptRoot", folder)]
        );
        var hostJson = await File.ReadAllTextAsync(Path.Combine(folder, "host.json"));
        var host = new FunctionsHost(web, channel, process, new HostSettings(hostJson, settings));
        try
        {
            await host.ConnectAsync(folder);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Invokes a function as its timer does.</summary>
    public Task<Invocation> InvokeTimerAsync(string function, bool isPastDue = false) =>
        InvokeAsync(
            Function(function, "timerTrigger"),
            new TypedData
            {
                Json = $$"""{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":{{(isPastDue ? "true" : "false")}}}""",
            }
        );

    /// <summary>Invokes a function as its queue does with a message, without any queue.</summary>
    public Task<Invocation> InvokeQueueAsync(string function, string message) =>
        InvokeAsync(Function(function, "queueTrigger"), new TypedData { String = message });

    /// <summary>
    /// Sends a request to the worker as the host's proxy does: over HTTP, with the invocation of the same id beside it.
    /// Function keys are not asked for.
    /// </summary>
    /// <param name="function">The function; the path must be of its route, and the method one of its methods.</param>
    /// <param name="request">The request, by its path from the root, <c>/api/health</c>.</param>
    public async Task<HttpResponseMessage> SendHttpAsync(string function, HttpRequestMessage request)
    {
        var info = Function(function, "httpTrigger");
        var path = "/" + request.RequestUri!.OriginalString.TrimStart('/');
        var values = new RouteValueDictionary();
        var matcher = new TemplateMatcher(TemplateParser.Parse($"{_settings.RoutePrefix}/{info.Route}"), []);
        Assert.True(matcher.TryMatch(path.Split('?')[0], values), $"{path} is not of the route of {function}");
        Assert.Contains(request.Method.Method, info.Methods, StringComparer.OrdinalIgnoreCase);

        var id = Guid.NewGuid().ToString();
        request.RequestUri = new Uri(new Uri(Capabilities["HttpUri"]), path);
        request.Headers.Add("x-ms-invocation-id", id);
        var route = values.ToDictionary(value => value.Key, value => (string)value.Value!);
        var invocation = InvokeAsync(info, new TypedData { Http = new RpcHttp() }, route, id);
        var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        await invocation;
        return response;
    }

    /// <summary>
    /// Serves all queues of the app as the host does, until a condition holds; then waits for the functions that run. No more
    /// messages are taken once the worker is being stopped or has ended, as the host does while it stops or restarts a worker.
    /// </summary>
    /// <param name="until">The condition.</param>
    /// <param name="limit">How long it may take; two minutes when left out.</param>
    /// <param name="hiddenAfterFailure">Replaces <c>visibilityTimeout</c> of host.json, for tests that do not wait.</param>
    public async Task PumpQueuesAsync(Func<Task<bool>> until, TimeSpan? limit = null, TimeSpan? hiddenAfterFailure = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken,
            _stopping.Token,
            _channel.Ended
        );
        var serving = Task.WhenAll(
            Functions
                .Where(function => function.TriggerType == "queueTrigger")
                .Select(function =>
                    new HostQueue(
                        new QueueServiceClient(QueueStorage ?? _settings[function.Connection]),
                        _settings.Resolve(function.Queue),
                        _settings,
                        hiddenAfterFailure ?? _settings.VisibilityTimeout,
                        (text, message) => InvokeAsync(function, new TypedData { String = text }, MetadataOf(message))
                    ).RunAsync(stop.Token)
                )
        );
        try
        {
            await WaitFor.TrueAsync(async () => serving.IsFaulted || await until(), limit ?? TimeSpan.FromMinutes(2));
        }
        finally
        {
            await stop.CancelAsync();
            await serving;
        }
    }

    /// <summary>Stops the worker.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It was still there, or still worked, after half a minute.</exception>
    public async Task<int> StopAsync(WorkerStop way)
    {
        await _stopping.CancelAsync();
        switch (way)
        {
            case WorkerStop.Drain:
                foreach (var id in _running.Keys)
                {
                    _channel.Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = id } });
                }

                await Task.WhenAll(_running.Values).WaitAsync(StopLimit, TestContext.Current.CancellationToken);
                _channel.Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
                break;
            case WorkerStop.Terminate:
                _channel.Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
                break;
            case WorkerStop.EndOfStream:
                _channel.End();
                _process.Terminate();
                break;
            case WorkerStop.Signal:
                _process.Terminate();
                break;
            default:
                await _process.KillAsync();
                break;
        }

        return await _process.ExitAsync().WaitAsync(StopLimit, TestContext.Current.CancellationToken);
    }

    /// <summary>Ends the process, politely or not.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Dispose();
        _http.Dispose();
        _channel.End();
        await _web.DisposeAsync();
        _channel.Dispose();
        _stopping.Dispose();
    }

    private static async Task<WebApplication> ListenAsync(WorkerChannel channel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(channel).AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        var web = builder.Build();
        web.UseRouting();
        web.MapGrpcService<WorkerChannel>();
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }

    private static Dictionary<string, string> MetadataOf(QueueMessage message) =>
        new()
        {
            ["Id"] = message.MessageId,
            ["PopReceipt"] = message.PopReceipt,
            ["DequeueCount"] = $"{message.DequeueCount}",
            ["InsertionTime"] = $"{message.InsertedOn:O}",
            ["ExpirationTime"] = $"{message.ExpiresOn:O}",
            ["NextVisibleTime"] = $"{message.NextVisibleOn:O}",
        };

    private async Task ConnectAsync(string folder)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(StartLimit);
        var ended = _process.EndedAsync(limit.Token);
        if (await Task.WhenAny(_channel.Started.WaitAsync(limit.Token), ended) == ended)
        {
            await ended;
            var code = await _process.ExitAsync();
            throw new WorkerGoneException($"The worker ended with exit code {code}: {Output}", code);
        }

        var start = new WorkerInitRequest
        {
            HostVersion = "4.1000.0",
            WorkerDirectory = folder,
            FunctionAppDirectory = folder,
        };
        var init = await AskAsync(new StreamingMessage { WorkerInitRequest = start }, limit.Token);
        Check(init.WorkerInitResponse.Result, "initialise");
        Capabilities = init.WorkerInitResponse.Capabilities.ToDictionary(pair => pair.Key, pair => pair.Value);
        var index = new FunctionsMetadataRequest { FunctionAppDirectory = folder };
        var indexed = (await AskAsync(new StreamingMessage { FunctionsMetadataRequest = index }, limit.Token)).FunctionMetadataResponse;
        Check(indexed.Result, "index its functions");
        var functions = new List<FunctionInfo>();
        foreach (var metadata in indexed.FunctionMetadataResults)
        {
            var bindings = metadata.RawBindings.Select(binding => JsonDocument.Parse(_settings.Resolve(binding)).RootElement);
            var function = new FunctionInfo(metadata.FunctionId, metadata.Name, [.. bindings]);
            var load = new FunctionLoadRequest { FunctionId = metadata.FunctionId, Metadata = metadata };
            foreach (var binding in function.Bindings)
            {
                load.Metadata.Bindings[FunctionInfo.Text(binding, "name")] = new BindingInfo
                {
                    Type = FunctionInfo.Text(binding, "type"),
                    Direction = Enum.Parse<BindingInfo.Types.Direction>(FunctionInfo.Text(binding, "direction"), ignoreCase: true),
                };
            }

            var loaded = await AskAsync(new StreamingMessage { FunctionLoadRequest = load }, limit.Token);
            Check(loaded.FunctionLoadResponse.Result, $"load {function.Name}");
            functions.Add(function);
        }

        Functions = functions;
    }

    /// <summary>
    /// The worker's web server may start after its stream: a connection that is refused is tried again, as by the host's proxy.
    /// </summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        const int Tries = 7;
        for (var delay = TimeSpan.FromMilliseconds(50); ; delay *= 2)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode == SocketError.ConnectionRefused && delay < TimeSpan.FromMilliseconds(50 << Tries))
            {
                socket.Dispose();
                await Task.Delay(delay, TimeProvider.System, cancellationToken);
            }
        }
    }

    private Task<StreamingMessage> AskAsync(StreamingMessage message, CancellationToken cancellationToken) =>
        _channel.AskAsync(message, cancellationToken);

    private static void Check(StatusResult result, string what)
    {
        if (result.Status != StatusResult.Types.Status.Success)
        {
            throw new InvalidOperationException($"The worker could not {what}: {result.Exception?.Message}");
        }
    }

    private FunctionInfo Function(string name, string trigger) =>
        Functions.Single(function => function.Name == name && function.TriggerType == trigger);

    private Task<Invocation> InvokeAsync(
        FunctionInfo function,
        TypedData data,
        Dictionary<string, string>? metadata = null,
        string? id = null
    )
    {
        var request = new InvocationRequest
        {
            InvocationId = id ?? $"{Guid.NewGuid()}",
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext { TraceParent = NewTrace(function.Name) },
        };
        request.InputData.Add(new ParameterBinding { Name = function.Parameter, Data = data });
        foreach (var (name, value) in metadata ?? [])
        {
            request.TriggerMetadata[name] = new TypedData { String = value };
        }

        return AnswerAsync(function.Name, request);
    }

    /// <summary>The host has a span of its own for each invocation: storage queues carry no trace context.</summary>
    private string NewTrace(string function)
    {
        var trace = ActivityTraceId.CreateRandom();
        _traces.Enqueue((function, trace.ToHexString()));
        return $"00-{trace}-{ActivitySpanId.CreateRandom()}-01";
    }

    private async Task<Invocation> AnswerAsync(string function, InvocationRequest request)
    {
        var over = new TaskCompletionSource();
        _running[request.InvocationId] = over.Task;
        var invocation = await ResultAsync(request);
        _ended.Enqueue((function, invocation));
        _running.TryRemove(request.InvocationId, out _);
        over.SetResult();
        return invocation;
    }

    private async Task<Invocation> ResultAsync(InvocationRequest request)
    {
        try
        {
            var answer = await AskAsync(new StreamingMessage { InvocationRequest = request }, TestContext.Current.CancellationToken);
            return Invocation.From(answer.InvocationResponse.Result);
        }
        catch (WorkerGoneException exception)
        {
            return new Invocation(InvocationOutcome.Lost, exception.Message);
        }
    }
}
